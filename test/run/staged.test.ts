import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import t from "tap";
import { file } from "../../engine/resource/file.ts";
import { joinLock } from "../../engine/run/host-lock.ts";
import { changeSection } from "../../engine/run/host-state.ts";
import { sweepStaged } from "../../engine/run/staged.ts";
import { frame } from "../../engine/shell/frame.ts";
import { Secret } from "../../engine/shell/secret.ts";
import { lines, type Script, sh } from "../../engine/shell/sh.ts";
import { statePaths } from "../support/local-run.ts";
import { shells } from "../support/shells.ts";
import { canTrace, diskCalls, processesOf } from "../support/trace.ts";

/** A user that is not root. */
const OTHER = 65_534;
const SECRET = "only-root-may-read-this";
const needsRoot = process.getuid?.() === 0 ? false : "needs root: folders of several users";
const operation = { run: "r1", operator: "tester", playbook: "test.mts", commit: "" };

// By its own number, which is no shell's but /proc's, and with the shell that holds the lock.
const KILLED = { whole: sh`sh -c 'kill -KILL "$1" "$PPID"' sh $$`, section: sh`sh -c 'kill -KILL "$PPID"'; :` };

function run([command = "sh", ...args]: readonly string[], dir: string, script: Script) {
  const paths = statePaths(dir);
  // As the shell leaves it that holds the lock for this run.
  for (const folder of [`${paths.state}/pending`, paths.log]) mkdirSync(folder, { recursive: true });
  writeFileSync(`${paths.state}/holder`, "tester\nr1 1 1 local\n");
  const prelude = joinLock("nonce", { operation, machine: "local" }, paths);
  const input = frame([script], "nonce", { prelude, stopAtFailure: true }).text;
  return spawnSync(command, [...args, "-s"], { input, encoding: "utf8" });
}

/** A file with a secret, whose script is killed once the copy has its content. */
function killed(path: string, kill: Script): Script {
  const secret = file({ path, content: new Secret(SECRET, "test"), validate: () => kill });
  return secret.kind.step(secret, [{ field: "content", before: "x", after: "y" }]).script;
}

const holdsSecret = (dir: string) => spawnSync("grep", ["-rq", SECRET, dir]).status === 0;
const noteOf = (dir: string) => readFileSync(`${statePaths(dir).state}/staged`, "utf8");

for (const shell of shells) {
  for (const [what, kill] of Object.entries(KILLED))
    t.test(`of a ${what} that is killed the next run leaves nothing (${shell[0]})`, async (t) => {
      const dir = t.testdir({ "it's $(id)": {} });
      const folder = `${dir}/it's $(id)`;
      run(shell, dir, killed(`${folder}/env`, kill));
      t.match(readdirSync(folder), [/^\.staged\.\w{6}$/], "it was killed in the midst of it");
      t.ok(holdsSecret(folder));
      t.match(run(shell, dir, sh`echo done`).stdout, "done");
      t.same(readdirSync(folder), []);
      t.equal(noteOf(dir), "");
    });

  t.test(`what fails leaves nothing, and what is well no note (${shell[0]})`, async (t) => {
    const dir = t.testdir({ folder: {} });
    run(shell, dir, killed(`${dir}/folder/env`, sh`false`));
    t.same(readdirSync(`${dir}/folder`), []);
    run(shell, dir, killed(`${dir}/folder/env`, sh`true`));
    t.same(readdirSync(`${dir}/folder`), ["env"]);
    t.equal(noteOf(dir), "");
  });

  t.test(`in a folder of another user's only what we staged goes (${shell[0]})`, { skip: needsRoot }, async (t) => {
    const dir = t.testdir({ theirs: {}, vault: {} });
    const [theirs, vault] = [`${dir}/theirs`, `${dir}/vault`];
    run(shell, dir, killed(`${theirs}/env`, KILLED.whole));
    t.ok(holdsSecret(theirs));
    // Links to what is root's alone, such a folder itself under our name, and one of their own with our mark.
    for (const folder of [`${vault}/.staged.abcdef`, `${theirs}/.staged.roots1`, `${theirs}/.staged.theirs`]) {
      mkdirSync(folder, { mode: 0o700 });
      writeFileSync(`${folder}/kept`, "kept");
    }
    writeFileSync(`${vault}/..staged`, "");
    chmodSync(vault, 0o700);
    symlinkSync(vault, `${theirs}/.staged.abcdef`);
    symlinkSync(`${vault}/.staged.abcdef`, `${theirs}/.staged.abcdeg`);
    writeFileSync(`${theirs}/.staged.theirs/..staged`, "");
    for (const path of [theirs, `${theirs}/.staged.theirs`, `${theirs}/.staged.theirs/..staged`])
      chownSync(path, OTHER, OTHER);
    const before = readdirSync(theirs).length;
    t.match(run(shell, dir, sh`echo done`).stdout, "done");
    t.notOk(holdsSecret(theirs));
    t.equal(readdirSync(theirs).length, before - 1);
    for (const folder of [`${vault}/.staged.abcdef`, `${theirs}/.staged.roots1`, `${theirs}/.staged.theirs`])
      t.ok(existsSync(`${folder}/kept`), folder);
  });

  t.test(`where the folder itself was turned into a link nothing of root's goes (${shell[0]})`, async (t) => {
    const dir = t.testdir({
      theirs: {},
      vault: { ".staged.abcdef": { kept: "kept" }, ".staged.abcdeg": t.fixture("symlink", ".") },
    });
    chmodSync(`${dir}/vault/.staged.abcdef`, 0o700);
    run(shell, dir, killed(`${dir}/theirs/env`, KILLED.whole));
    renameSync(`${dir}/theirs`, `${dir}/moved`);
    symlinkSync("vault", `${dir}/theirs`);
    t.match(run(shell, dir, sh`echo done`).stdout, "done");
    t.same(readdirSync(`${dir}/vault`), [".staged.abcdef", ".staged.abcdeg"]);
    t.ok(existsSync(`${dir}/vault/.staged.abcdef/kept`));
  });

  t.test(`where nothing was left no process is needed (${shell[0]})`, { skip: !canTrace && "no strace" }, async (t) => {
    const dir = t.testdir();
    t.equal(processesOf(dir, shell, sweepStaged(dir)), 0);
  });

  t.test(
    `what is notified is on the disk before the change (${shell[0]})`,
    { skip: !canTrace && "no strace" },
    async (t) => {
      const dir = t.testdir({ state: { pending: {} }, log: {} });
      const paths = statePaths(dir);
      const pending = `${paths.state}/pending`;
      const section = (handlers: readonly string[]) => {
        const change = changeSection(
          sh`: >${`${dir}/changed`}`,
          handlers,
          { operation, changes: [{ resource: "x" }] },
          paths,
        );
        const calls = diskCalls(dir, shell, lines([sh`set -eu; now=`, change]));
        return calls.filter((call) => call.includes(pending) || call.includes(`${dir}/changed`));
      };
      const changed = `write ${dir}/changed`;
      t.same(section([]), [changed]);
      t.same(section(["a", "b"]), [`write ${pending}/a`, `write ${pending}/b`, `fsync ${pending}`, changed]);
      t.same(section(["a", "b"]), [changed], "they are there already");
    },
  );
}
