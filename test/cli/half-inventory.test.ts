import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import t, { type Test } from "tap";
import { runProgram } from "../support/program.ts";

t.setTimeout(180_000);

const MONITORING =
  "monitoring:\n  hosts: { mon-1: { host: 127.0.0.1, port: 1, address: 10.0.0.10 } }\n  vars: { grafana_admin_password: Abcdefgh12 }\n";
const APP = "app:\n  hosts: { app-1: { host: 127.0.0.1, port: 1, address: 10.0.0.11, environment: prod } }\n";

/** `playbooks/site.mts` with an inventory of this text. */
function site(t: Test, text: string, args: readonly string[]) {
  const dir = t.testdir({ "hosts.yml": text });
  return runProgram("site", ["-i", join(dir, "hosts.yml"), ...args]);
}

for (const { name, text, without } of [
  { name: "monitoring", text: MONITORING, without: ["app", "gateway's certificate"] },
  { name: "app", text: APP, without: ["monitoring"] },
]) {
  t.test(`an inventory that has only group ${name} is fine, and runs`, async (t) => {
    const checked = await site(t, text, ["--syntax-check"]);
    t.match(checked, { code: 0, stdout: /are fine/ }, checked.stderr);
    const run = await site(t, text, ["--check", "--timeout", "2"]);
    t.equal(run.code, 4, "its host is unreachable, and nothing else is wrong");
    // The play's own host did not answer: what follows has no hosts in any case.
    for (const play of without) t.match(run.stdout + run.stderr, new RegExp(`PLAY ${play}  no hosts in .*hosts\\.yml`));
    const other = name === "app" ? "monitoring" : "app";
    const limited = await site(t, text, ["--list-hosts", "-l", other]);
    t.match(
      limited,
      { code: 1, stderr: new RegExp(`found "${other}", expected a host or group`) },
      "a limit is another matter",
    );
  });
}

t.test("an inventory with neither group is not", async (t) => {
  t.match(await site(t, "web:\n  hosts: { web-1: }\n", ["--syntax-check"]), {
    code: 1,
    stderr: /found no host for any play/,
  });
});

t.test("an absolute release_lock is absolute, and a broken one is told before contact", async (t) => {
  const dir = t.testdir({ locks: {}, inventory: { "hosts.yml": "" } });
  const lock = resolve(dir, "locks/releases.json");
  writeFileSync(lock, "{");
  writeFileSync(join(dir, "inventory/hosts.yml"), `${APP}  vars: { release_lock: ${lock} }\n`);
  const ended = await runProgram("site", ["-i", join(dir, "inventory/hosts.yml"), "--check"]);
  t.match(ended, { code: 1, stderr: /locks\/releases\.json: found what is not JSON, expected / });
});
