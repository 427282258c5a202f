import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { directory } from "../../engine/resource/directory.ts";
import { envFile } from "../../engine/resource/env-file.ts";
import { file } from "../../engine/resource/file.ts";
import { link } from "../../engine/resource/link.ts";
import type { Resource } from "../../engine/resource/resource.ts";
import type { Script } from "../../engine/shell/sh.ts";
import { logAccess } from "../../roles/log-agent/access.ts";

/** The user that owns the folder: nobody, whose processes no test shares. */
const OTHER = 65_534;
const OWNER = String(OTHER);
const ROUNDS = 1000;
const BATCH = 25;
const SECRET = "TOKEN=only-root-may-read-this\nKEY=old\n";
const names = [".env", "conf", "dir", "link", "a.log"];

const hasTools = ["setpriv", "setfacl", "runuser"].every((tool) => spawnSync(tool, ["--version"]).error === undefined);
const cannot = process.getuid?.() !== 0 ? "needs root" : hasTools ? false : "needs setpriv, setfacl and runuser";

/** What root does in the folder, as runs do it. */
function work(app: string): readonly Script[] {
  const scriptOf = (resource: Resource, field: string) =>
    resource.kind.step(resource, [{ field, before: "x", after: "y" }]).script;
  return [
    scriptOf(envFile({ path: `${app}/.env`, entries: { KEY: "new", MORE: "1" }, owner: OWNER, mode: "0644" }), "KEY"),
    scriptOf(file({ path: `${app}/conf`, content: "new\n", owner: OWNER }), "content"),
    scriptOf(file({ path: `${app}/conf`, content: "new\n", owner: OWNER, mode: "0666" }), "mode"),
    scriptOf(directory({ path: `${app}/dir`, owner: OWNER, mode: "0777" }), "type"),
    scriptOf(directory({ path: `${app}/dir/deep`, owner: OWNER, mode: "0777" }), "type"),
    scriptOf(link({ path: `${app}/link`, target: "elsewhere" }), "target"),
    scriptOf(logAccess({ app_logs: `${app}/*.log` }, "daemon"), "state"),
  ];
}

for (const [how, shell] of [
  ["names", ["sh"]],
  ["folder", ["bash", "--posix"]],
  ["staged", ["sh"]],
  ["hardLinks", ["busybox", "sh"]],
] as const) {
  t.test(
    `${ROUNDS / 4} rounds against a user that turns ${how} change and show nothing of root's`,
    {
      skip: cannot,
      timeout: 240_000,
    },
    async (t) => {
      const stage = build(t);
      const before = seen(stage.vault);
      const other = await begin(t, how, stage);
      let broken = 0;
      let done = 0;
      for (let batch = 0; batch < ROUNDS / 4 / BATCH; batch++) {
        done += run(shell, work(`${stage.home}/app`), BATCH);
        const harm = seen(stage.vault) !== before || shown(stage).length > 0;
        if (!harm) continue;
        broken++;
        t.comment(seen(stage.vault), shown(stage));
        break;
      }
      other.kill("SIGKILL");
      t.equal(broken, 0, "batches in which something of root's changed or was shown");
      t.not(done, 0, "work that was done all the same");
    },
  );
}

interface Stage {
  readonly home: string;
  readonly vault: string;
}

/** A folder of the other user's, and one of root's that has files of the same names. */
function build(t: Test): Stage {
  const base = mkdtempSync(join(tmpdir(), "race-"));
  t.teardown(() => rmSync(base, { recursive: true, force: true }));
  chmodSync(base, 0o755);
  const [home, vault] = [`${base}/home`, `${base}/vault`];
  for (const folder of [home, vault, `${home}/app`, `${home}/given`]) mkdirSync(folder, { mode: 0o755 });
  for (const name of names) {
    writeFileSync(`${vault}/${name}`, SECRET, { mode: 0o600 });
    // As on a kernel that lets everybody make them: fs.protected_hardlinks=0.
    for (let n = 0; n < 100; n++) linkSync(`${vault}/${name}`, `${home}/given/${name}-${n}`);
  }
  for (const folder of [home, `${home}/app`, `${home}/given`]) chownSync(folder, OTHER, OTHER);
  return { home, vault };
}

async function begin(t: Test, how: string, { home, vault }: Stage): Promise<ChildProcess> {
  const program = `${home}/swapper.mjs`;
  copyFileSync("test/support/swapper.mjs", program);
  const user = ["--reuid", OWNER, "--regid", OWNER, "--clear-groups"];
  const child = spawn("setpriv", [...user, process.execPath, program, how, home, vault], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.teardown(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}

/** Does the work over and over in one shell, as the frame does; how many of all were done to their end. */
function run([command, ...args]: readonly string[], scripts: readonly Script[], rounds: number): number {
  const sections = scripts.map(
    ({ text }) => `( set -eu\n${text}\n) </dev/null >/dev/null 2>&1\n[ $? != 0 ] || done=$((done + 1))`,
  );
  const input = `umask 077; LC_ALL=C; export LC_ALL; done=0 round=0
while [ $round -lt ${Math.ceil(rounds / scripts.length)} ]; do round=$((round + 1))
${sections.join("\n")}
done
echo $done`;
  return Number(spawnSync(command ?? "sh", [...args, "-s"], { input, encoding: "utf8" }).stdout);
}

/** All that there is to see of root's folder: names, content, mode, owner, access lists. */
function seen(vault: string): string {
  const acl = spawnSync("getfacl", ["-R", "-p", vault], { encoding: "utf8" }).stdout;
  return acl + spawnSync("grep", ["-r", "-s", "-e", "", vault], { encoding: "utf8" }).stdout;
}

/** Files of the other user's in which root's content is, other than by its own inode. */
function shown({ home, vault }: Stage): readonly string[] {
  const own = new Set(names.map((name) => lstatSync(`${vault}/${name}`).ino));
  const { stdout } = spawnSync("grep", ["-r", "-l", "-s", "-e", "only-root-may-read", home], { encoding: "utf8" });
  return stdout
    .split("\n")
    .filter((path) => path !== "" && !own.has(lstatSync(path, { throwIfNoEntry: false })?.ino ?? 0));
}
