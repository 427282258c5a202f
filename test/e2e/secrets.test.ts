import { readFileSync, writeFileSync } from "node:fs";
import t from "tap";
import { bench, direct, onTerminal } from "../support/bench.ts";
import { onHost } from "../support/lab.ts";
import { typescript } from "../support/program.ts";
import { sample } from "../support/sampler.ts";
import { noLab, PASSWORD, takeStand } from "../support/stand.ts";
import { canTrace, traced, traceLogins } from "../support/trace.ts";

t.setTimeout(20 * 60_000);

const KEY = "pä<ss>&w0rd/'+ %, and more";
/** The next one: with it the service does not come up. */
const NEXT = "an0ther $KEY `id`";
/** Where a run writes, and a line that is found there if anything is. */
const PLACES = [
  "/var/lib/hostwright",
  "/var/log/hostwright",
  "/etc/keeper",
  "/home/doer",
  "/root",
  "/run",
  "/tmp",
  "/var/tmp",
  "/dev/shm",
];
/** Files on the host that are meant to hold the key; nothing else may. */
const KEEPERS = ["/etc/keeper/conf", "/etc/keeper/env", "/etc/keeper/key", "/home/doer/key"];

const inXml = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("'", "&apos;");
const spellings = (value: string) => [
  value,
  Buffer.from(value).toString("base64"),
  Buffer.from(value).toString("base64url"),
  // As within base64 of "user:…".
  Buffer.from(`user:${value}`).toString("base64").slice(8, -8),
  encodeURIComponent(value),
  JSON.stringify(value).slice(1, -1),
  inXml(value),
  inXml(value).replaceAll('"', "&quot;"),
  inXml(value).replaceAll("&apos;", "'"),
  value.replaceAll("'", `'\\''`),
];
const SECRETS = [KEY, NEXT, PASSWORD].flatMap(spellings);
const holding = (all: Readonly<Record<string, string>>) =>
  Object.entries(all).flatMap(([name, text]) =>
    SECRETS.filter((one) => text.includes(one)).map((one) => `${name}: ${one}`),
  );

t.test(
  "secrets of a run are where they belong and nowhere else",
  { skip: noLab || (!canTrace && "needs strace") },
  async (t) => {
    const { monPins } = await takeStand(t);
    t.teardown(() =>
      onHost(
        "mon",
        "systemctl stop keeper; rm -rf /etc/systemd/system/keeper.service /etc/keeper /home/doer/key /run/said; systemctl daemon-reload",
      ),
    );
    // A host that says the operator's password itself.
    const said = Buffer.from(`said ${PASSWORD}\n`).toString("base64");
    await onHost("mon", `echo ${said} | base64 -d >/run/said`);
    const secrets = { api_key: "!file key", ansible_password: "!file login", ansible_become_password: "!file login" };
    const { key: _, ...login } = { ...direct("mon"), user: "clerk" };
    const vars = { ...login, keeper_user: "doer", fail: "no" };
    const one = bench(t, { mon: { ...vars, ...secrets } }, { pins: monPins });
    writeFileSync(`${one.dir}/key`, `${KEY}\n`);
    writeFileSync(`${one.dir}/login`, `${PASSWORD}\n`);
    const program = [process.execPath, typescript, "test/fixtures/keeper.mts", ...one.args];
    const reports = ["-v", "--diff", "--json", "--junit", `${one.dir}/report.xml`];
    const seen: Record<string, string> = {};
    const stopSampling = await sample("mon", PLACES, [KEY, NEXT]);

    await t.test("a run that converges, and one that fails with the secret in its stderr", async (t) => {
      const since = (await onHost("mon", "date '+%F %T'")).trim();
      const stop = await traceLogins("mon");
      const first = await traced(one.dir, [...program, ...reports]);
      t.equal(first.code, 0, first.stderr);
      seen["JUnit report of the first run"] = readFileSync(`${one.dir}/report.xml`, "utf8");
      await onHost(
        "mon",
        "echo 'password = old' >/etc/keeper/conf; sed -i 's/^API_KEY=.*/API_KEY=old/' /etc/keeper/env",
      );
      const second = await traced(one.dir, [...program, ...reports, "-e", "fail=yes"]);
      t.equal(second.code, 2, second.stderr);
      t.match(second.stderr, /no login with \*{8}/, "the failure is told, without the secret");
      t.match(second.stderr, /said \*{8}/, "nor the password of the inventory");
      t.match(second.stderr, /password = \*{8}/, "so is the difference");
      seen["JUnit report of the second run"] = readFileSync(`${one.dir}/report.xml`, "utf8");
      seen["programs that logins started"] = await stop();
      for (const [name, run] of Object.entries({ first, second })) {
        seen[`stdout of the ${name} run`] = run.stdout;
        seen[`stderr of the ${name} run`] = run.stderr;
        seen[`programs that the ${name} run started here`] = run.started;
      }
      seen["journal of the engine"] = await onHost("mon", "cat /var/log/hostwright/journal.jsonl");
      seen["holder of the lock"] = await onHost("mon", "cat /etc/keeper/holder");
      seen["journal of systemd"] = await onHost(
        "mon",
        `journalctl -q --since '${since}' -o export | cat -v; journalctl -q --since '${since}' -o cat`,
      );
      seen["processes afterwards"] = await onHost(
        "mon",
        "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'",
      );
      t.match(seen["programs that logins started"], /"sudo", "-k", "-S"[\s\S]*"su", "-s"/, "the trace has sudo and su");
      t.match(seen["programs that logins started"], /"SUDO_USER=clerk"/, "and environments");
      t.match(first.started, /"ssh", .*"-G"/, "the trace has ssh -G");
      t.match(seen["journal of systemd"], /clerk : .*USER=root/, "the journal has sudo");
    });

    await t.test("a run whose changes go back, from copies of what was there", async (t) => {
      await traced(one.dir, program);
      writeFileSync(`${one.dir}/key`, `${NEXT}\n`);
      const back = await traced(one.dir, [...program, ...reports, "-e", "fail=start"]);
      writeFileSync(`${one.dir}/key`, `${KEY}\n`);
      t.equal(back.code, 2, back.stderr);
      t.match(back.stderr, /file \/etc\/keeper\/key.*as (?:they were|it was)/, "it is said what went back");
      t.equal(await onHost("mon", "cat /etc/keeper/key"), KEY);
      const clean = await traced(one.dir, program);
      t.equal(clean.code, 0, clean.stdout + clean.stderr);
      for (const part of ["stdout", "stderr", "started"] as const)
        seen[`${part} of the run that went back`] = back[part];
    });

    await t.test("the same at a terminal, with passwords that are typed", async (t) => {
      writeFileSync(
        `${one.dir}/hosts.yml`,
        readFileSync(`${one.dir}/hosts.yml`, "utf8").replaceAll(/"ansible_\w*password": [^,}]*,?/g, ""),
      );
      const { code, shown } = await onTerminal([...program, "-v", "--diff", "-k", "-K", "-e", "fail=yes"], {
        "BECOME password: ": PASSWORD,
        "SSH password: ": PASSWORD,
      });
      t.equal(code, 2, shown);
      t.match(shown, /no login with \*{8}[\s\S]*said \*{8}/);
      seen["a terminal"] = shown;
    });

    await t.test("none of it holds a secret in any spelling", async (t) => {
      for (const [name, text] of Object.entries(seen)) t.not(text.trim(), "", `${name}: ${text.length} characters`);
      t.same(holding(seen), []);
    });

    await t.test("at no moment did a file that others may read hold it", async (t) => {
      await onHost(
        "mon",
        `umask 022; echo ${Buffer.from(KEY).toString("base64")} | base64 -d >/run/canary; sleep 1; rm /run/canary`,
      );
      const { rounds, seconds, readable } = await stopSampling();
      t.comment(`${rounds} looks in ${Math.round(seconds)} s`);
      t.ok(rounds / seconds > 20, "all places every few milliseconds");
      t.same(readable, ["0644 /run/canary"], "but for the one of this test");
    });

    await t.test("on the host only the files that are meant to hold the key do, for their owner alone", async (t) => {
      const places = "/etc /root /home /run /tmp /var/tmp /var/log /var/lib/hostwright";
      for (const [secret, files] of [
        [KEY, KEEPERS],
        [PASSWORD, ["/run/said"]],
      ] as const) {
        const pattern = Buffer.from(secret).toString("base64");
        const found = await onHost(
          "mon",
          `p=$(echo ${pattern} | base64 -d); grep -rlsF -D skip -- "$p" ${places} | sort`,
        );
        t.same(found.split("\n").filter(Boolean), files);
      }
      t.equal(await onHost("mon", `stat -c %a ${KEEPERS.join(" ")}`), "600\n".repeat(KEEPERS.length));
    });
  },
);
