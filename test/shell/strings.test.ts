import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { parse } from "yaml";
import { envFile, spellings } from "../../engine/resource/env-file.ts";
import { file } from "../../engine/resource/file.ts";
import { render } from "../../engine/role/template.ts";
import { sh } from "../../engine/shell/sh.ts";
import { apply, plan } from "../support/converges.ts";
import { shells } from "../support/shells.ts";
import { chunks, differences, randomStrings, taken } from "../support/strings.ts";

// What systemd and compose read of the same texts is in test/e2e/strings.test.ts.
t.setTimeout(10 * 60_000);

const COUNT = 10_000;
const texts = randomStrings(COUNT, 20261125);
const owner = userInfo().username;

function folder(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), "strings-"));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function output([command = "sh", ...args]: readonly string[], input: string): readonly string[] {
  const { stdout } = spawnSync(command, [...args, "-s"], { input, encoding: "utf8", maxBuffer: 1 << 28 });
  return stdout.split("\0").slice(0, -1);
}

/** Refusals of texts that are not like that, or with another message. */
function strange(refused: ReturnType<typeof taken>["refused"], like: RegExp, message: RegExp): readonly string[] {
  const odd = refused.filter(([text, error]) => !like.test(text) || !message.test(error.message));
  return odd.slice(0, 5).map(([text, error]) => `${JSON.stringify(text)}: ${error.message}`);
}

const words = taken(texts, (text) => sh`${text}`);

t.test("what is refused as a shell word is what no shell can hold", async (t) => {
  t.ok(words.refused.length > 100 && words.kept.length > COUNT / 2, `${words.refused.length} refused`);
  t.same(strange(words.refused, /[\0\ud800-\udfff]/, /NUL|half a character/), []);
});

for (const shell of shells) {
  t.test(`${COUNT} random texts are one word each in ${shell[0]}`, async (t) => {
    const found = chunks(words.kept, 1000).flatMap((some) =>
      output(shell, sh`set -- ${some}; printf '%s\\0' "$@"`.text),
    );
    t.same(differences(found, words.kept), []);
  });

  t.test(`as contents of files they arrive whole through ${shell[0]}`, async (t) => {
    const dir = folder(t);
    const contents = chunks(words.kept, 200).map((some) => some.join("\n"));
    apply(
      shell,
      plan(
        shell,
        contents.map((content, index) => file({ path: join(dir, String(index)), content, owner })),
      ),
    );
    t.same(
      differences(
        contents.map((_, index) => readFileSync(join(dir, String(index)), "utf8")),
        contents,
      ),
      [],
    );
  });

  t.test(`as entries of an environment file they are read by ${shell[0]} as they were given`, async (t) => {
    const { kept, refused } = taken(texts, (text) => spellings("KEY", text));
    t.ok(kept.length > COUNT / 4, `${kept.length} of them have a spelling`);
    t.same(strange(refused, /./s, /^env-file: the value of KEY has /), []);
    for (const [at, some] of chunks(kept, 1000).entries()) {
      const path = join(folder(t), "env");
      const keys = some.map((_, index) => `K${at}_${index}`);
      const entries = Object.fromEntries(keys.map((key, index) => [key, some[index] ?? ""]));
      const resource = envFile({ path, entries, owner });
      apply(shell, plan(shell, [resource]));
      t.same(plan(shell, [resource]), [], "in sync");
      const found = output(shell, `set -a; . ${path}; ${keys.map((key) => `printf '%s\\0' "$${key}"`).join("\n")}`);
      t.same(differences(found, some), []);
    }
  });
}

t.test("as values of YAML they are read back by two readers, Python's of YAML 1.1 among them", async (t) => {
  const { kept, refused } = taken(texts, (text) => render("t.yml.hbs", "{{yaml text}}\n", { text }));
  t.same(strange(refused, /[\ud800-\udfff]/, /t\.yml\.hbs:1:1: found half a character/), []);
  const yaml = String(render("t.yml.hbs", "{{#each kept}}\n- {{yaml this}}\n{{/each}}\n", { kept }));
  t.same(differences(parse(yaml, { maxAliasCount: -1 }), kept), []);
  const program = "import json, sys, yaml; json.dump(yaml.load(sys.stdin.buffer, Loader=yaml.CSafeLoader), sys.stdout)";
  const python = spawnSync("/usr/bin/python3", ["-c", program], { input: yaml, encoding: "utf8", maxBuffer: 1 << 28 });
  if (/No module|no attribute/.test(python.stderr ?? "")) return t.comment("no PyYAML here (ansible-core brings it)");
  t.same(differences(JSON.parse(python.stdout), kept), []);
});

t.test("as words of a unit file they are refused with their place, or written", async (t) => {
  const { refused } = taken(texts, (text) => render("u.service.hbs", "A={{systemd text}}", { text }));
  t.ok(refused.length > 100);
  t.same(
    strange(refused, /./s, /u\.service\.hbs:1:3: found (more than one line|a control|half a|a code that is no)/),
    [],
  );
});
