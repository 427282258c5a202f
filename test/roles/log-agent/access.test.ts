import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { logAccess, parents } from "../../../roles/log-agent/access.ts";
import { apply, plan, retires } from "../../support/converges.ts";
import { shells } from "../../support/shells.ts";

const OWNER = 65_534;
const hasTools = ["setfacl", "runuser"].every((tool) => spawnSync(tool, ["--version"]).error === undefined);
const cannot = process.getuid?.() !== 0 ? "needs root" : hasTools ? false : "needs setfacl and runuser";

for (const shell of shells) {
  t.test(
    `the agent, and nobody else, may read the logs in a closed home (${shell[0]})`,
    { skip: cannot },
    async (t) => {
      const base = mkdtempSync(join(tmpdir(), "log-access-"));
      t.teardown(() => rmSync(base, { recursive: true, force: true }));
      chmodSync(base, 0o755);
      const logs = `${base}/home/logs`;
      mkdirSync(logs, { recursive: true });
      for (const name of ["a.log", "b c.log", "-n.log"]) writeFileSync(`${logs}/${name}`, name);
      writeFileSync(`${logs}/other.txt`, "x");
      const files = readdirSync(logs).map((name) => `${logs}/${name}`);
      for (const path of [`${base}/home`, logs, ...files]) chownSync(path, OWNER, OWNER);
      for (const path of [`${base}/home`, logs]) chmodSync(path, 0o700);
      for (const path of files) chmodSync(path, 0o600);
      const resource = logAccess({ app_logs: `${logs}/*.log` }, "daemon");
      const reads = (user: string, name: string) =>
        spawnSync("runuser", ["-u", user, "--", "cat", "--", `${logs}/${name}`], { cwd: "/", encoding: "utf8" }).stdout;
      apply(shell, plan(shell, [resource]));
      t.same(plan(shell, [resource]), [], "applied again it is silent");
      for (const name of ["a.log", "b c.log", "-n.log"]) t.equal(reads("daemon", name), name);
      t.equal(reads("daemon", "other.txt"), "");
      t.equal(reads("bin", "a.log"), "");
      t.same(readdirSync(logs).sort(), ["-n.log", "a.log", "b c.log", "other.txt"]);
    },
  );
}

if (cannot === false)
  retires(
    t,
    "the way to the logs, also to those that were written since,",
    (dir) => {
      chmodSync(dir, 0o700);
      mkdirSync(`${dir}/home/logs`, { recursive: true, mode: 0o750 });
      for (const [name, mode] of Object.entries({ "a.log": 0o600, "b c.log": 0o640, "-n.txt": 0o666 })) {
        writeFileSync(`${dir}/home/logs/${name}`, name);
        chmodSync(`${dir}/home/logs/${name}`, mode);
      }
      // Somebody else is on a list of theirs.
      spawnSync("setfacl", ["-m", "u:bin:r", "--", `${dir}/home/logs/b c.log`]);
      return logAccess({ app_logs: `${dir}/home/logs/*.log` }, "daemon");
    },
    (dir) => spawnSync("getfacl", ["-R", "--absolute-names", "--", dir], { encoding: "utf8" }).stdout,
  );

t.test("the way to the logs is opened folder by folder, from the top", async (t) => {
  t.same(parents("/home/ubuntu/fittoring/logs"), ["/home", "/home/ubuntu", "/home/ubuntu/fittoring"]);
  t.same(parents("/logs"), []);
});
