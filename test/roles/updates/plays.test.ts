import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import t from "tap";

/** The playbook on a machine that is its own host, which nobody contacts. */
function update(dir: string, ...args: readonly string[]) {
  const inventory = `${dir}/hosts.yml`;
  const host = "{ ansible_connection: local, environment: dev, app_user: app, address: 192.0.2.20 }";
  writeFileSync(inventory, `app:\n  hosts:\n    here: ${host}\n`);
  const command = ["--import=hostwright/launch", "playbooks/update.mts", "-i", inventory, ...args];
  return spawnSync(process.execPath, command, { encoding: "utf8", env: { ...process.env, HOSTWRIGHT_INVENTORY: "" } });
}

t.test("the app hosts come first, and nobody is rebooted who was not asked to be", async (t) => {
  const plays = (text: string) => text.split("\n").flatMap((line) => /^(\S.*?) {2}\(/.exec(line)?.[1] ?? []);
  const packages = ["packages: app hosts", "packages: monitoring host"];
  t.same(plays(update(t.testdir(), "--list-tasks").stdout), [...packages, "after updates"]);
});

t.test("the machine that a run is on is not rebooted by it", async (t) => {
  const { status, stdout, stderr } = update(t.testdir(), "--reboot", "--syntax-check");
  t.equal(status, 1, stdout);
  t.match(stderr, /ansible_connection.*found local.*does not outlive/s);
});
