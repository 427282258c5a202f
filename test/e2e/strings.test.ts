import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import t from "tap";
import { envFile, spellings } from "../../engine/resource/env-file.ts";
import { render } from "../../engine/role/template.ts";
import { apply, plan } from "../support/converges.ts";
import { LAB, onHost, program, site, takeLab } from "../support/lab.ts";
import { noLab } from "../support/stand.ts";
import { chunks, differences, randomStrings, taken } from "../support/strings.ts";

t.setTimeout(45 * 60_000);

const COUNT = 10_000;
/** systemd hands a process at most 2 MiB of arguments and environment. */
const AT_ONCE = 2000;
const texts = randomStrings(COUNT, 20261126);
const folder = "/opt/strings";

t.test("random texts are what systemd and compose make of them", { skip: noLab }, async (t) => {
  await takeLab(t);
  const converged = await site("-l", "monitoring");
  t.equal(converged.code, 0, converged.stderr);
  const dir = mkdtempSync(join(tmpdir(), "strings-"));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  t.teardown(() => onHost("mon", `rm -rf ${folder} /etc/systemd/system/strings.service; systemctl daemon-reload`));
  await onHost("mon", `mkdir -p ${folder}`);

  const put = async (name: string, text: string) => {
    writeFileSync(join(dir, name), text);
    await program("docker", "cp", join(dir, name), `hostwright-${LAB}-mon:${folder}/${name}`);
  };
  const fetched = async (name: string) => {
    await program("docker", "cp", `hostwright-${LAB}-mon:${folder}/${name}`, join(dir, name));
    return readFileSync(join(dir, name), "utf8");
  };
  /** What a unit's process is given: the words behind its program, and its environment. */
  const run = async (unit: string) => {
    await put("dump", `printf '%s\\0' "$@" >${folder}/args; env -0 >${folder}/env.out\n`);
    await put("strings.service", unit);
    await onHost(
      "mon",
      `cp ${folder}/strings.service /etc/systemd/system/; systemctl daemon-reload; systemctl start strings`,
    );
    const environment = new Map(
      (await fetched("env.out"))
        .split("\0")
        .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
    return { args: (await fetched("args")).split("\0").slice(0, -1), environment };
  };
  const keysOf = (some: readonly string[]) => some.map((_, index) => `K${index}`);

  await t.test(`entries of an environment file, by systemd's EnvironmentFile= and compose's env_file`, async (t) => {
    const { kept } = taken(texts, (text) => spellings("KEY", text));
    t.ok(kept.length > COUNT / 4, `${kept.length} of ${COUNT} have a spelling, the others are refused`);
    for (const some of chunks(kept, AT_ONCE)) {
      const path = join(dir, "env");
      const keys = keysOf(some);
      const entries = Object.fromEntries(keys.map((key, index) => [key, some[index] ?? ""]));
      rmSync(path, { force: true });
      apply(["dash"], plan(["dash"], [envFile({ path, entries, owner: userInfo().username })]));
      await put("env", readFileSync(path, "utf8"));
      const unit = `[Service]\nType=oneshot\nEnvironmentFile=${folder}/env\nExecStart=/bin/sh ${folder}/dump\n`;
      const { environment } = await run(unit);
      t.same(
        differences(
          keys.map((key) => environment.get(key) ?? "missing"),
          some,
        ),
        [],
        "systemd",
      );
      await put("compose.yaml", "services:\n  one:\n    image: none\n    env_file: env\n");
      const config = JSON.parse(await onHost("mon", `docker compose -f ${folder}/compose.yaml config --format json`));
      const read: Readonly<Record<string, string>> = config.services.one.environment;
      t.same(
        differences(
          keys.map((key) => String(read[key]).replaceAll("$$", "$")),
          some,
        ),
        [],
        "compose",
      );
    }
  });

  await t.test("{{systemd}}: words of a command, and an Environment=", async (t) => {
    const { kept } = taken(texts, (text) => render("u.service.hbs", "A={{systemd text}}", { text }));
    const source =
      "[Service]\nType=oneshot\nExecStart=/bin/sh {{systemd dump}}{{#each words}} {{systemd this}}{{/each}}\n{{#each pairs}}\nEnvironment={{systemd this}}\n{{/each}}\n";
    for (const some of chunks(kept, AT_ONCE)) {
      const keys = keysOf(some);
      const pairs = keys.map((key, index) => `${key}=${some[index]}`);
      const { args, environment } = await run(
        String(render("u.service.hbs", source, { dump: `${folder}/dump`, words: some, pairs })),
      );
      t.same(differences(args, some), [], "ExecStart=");
      t.same(
        differences(
          keys.map((key) => environment.get(key) ?? "missing"),
          some,
        ),
        [],
        "Environment=",
      );
    }
  });

  await t.test("{{yaml}}: Go's reader of YAML, which Compose, Prometheus, Loki and Tempo have", async (t) => {
    const { kept } = taken(texts, (text) => render("t.yml.hbs", "{{yaml text}}\n", { text }));
    for (const some of chunks(kept, AT_ONCE)) {
      // A dollar is Compose's own matter: the role doubles it.
      const words = some.map((text) => text.replaceAll("$", "$$$$"));
      const source =
        "services:\n  one:\n    image: none\n    command:\n{{#each words}}\n      - {{yaml this}}\n{{/each}}\n";
      await put("compose.yaml", String(render("t.yml.hbs", source, { words })));
      const config = JSON.parse(await onHost("mon", `docker compose -f ${folder}/compose.yaml config --format json`));
      const found: readonly string[] = config.services.one.command;
      t.same(
        differences(
          found.map((text) => text.replaceAll("$$", "$")),
          some,
        ),
        [],
      );
    }
  });
});
