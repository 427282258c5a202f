import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import t from "tap";
import { envFile } from "../../engine/resource/env-file.ts";
import { file } from "../../engine/resource/file.ts";
import { fsync } from "../../engine/resource/fsync.ts";
import { link } from "../../engine/resource/link.ts";
import { release } from "../../engine/resource/release.ts";
import type { Resource } from "../../engine/resource/resource.ts";
import { keepFiles, previousOf, restoreSection } from "../../engine/run/previous.ts";
import { lines, type Script, sh } from "../../engine/shell/sh.ts";
import { statePaths } from "../support/local-run.ts";
import { runSections, shells } from "../support/shells.ts";
import { canTrace, diskCalls } from "../support/trace.ts";

const skip = canTrace && process.getuid?.() === 0 ? false : "needs root and strace";
const scriptOf = ({ kind, ...rest }: Resource, field: string): Script =>
  kind.step({ kind, ...rest }, [{ field, before: "x", after: "y" }]).script;

interface Way {
  /** What is renamed into its place, below the test's folder. */
  readonly live: readonly string[];
  make(dir: string): readonly Script[];
}

const COUNT = 20;
const bulk = ["a", "b"].flatMap((folder) => Array.from({ length: COUNT }, (_, index) => `${folder}/${index}`));

const ways: Readonly<Record<string, Way>> = {
  file: { live: ["f"], make: (dir) => [scriptOf(file({ path: `${dir}/f`, content: "x" }), "content")] },
  "an empty file": { live: ["f"], make: (dir) => [scriptOf(file({ path: `${dir}/f`, content: "" }), "content")] },
  "files in bulk": { live: bulk, make: inBulk },
  "env-file": { live: [".env", ".env"], make: (dir) => [envScript(dir, "A"), envScript(dir, "B")] },
  link: { live: ["l"], make: (dir) => [scriptOf(link({ path: `${dir}/l`, target: "/nowhere" }), "target")] },
  release: {
    live: ["opt/tool/1", "bin/one", "opt/tool/1/one", "opt/tool/1/two", "opt/tool/1/.sha256", "bin/one"],
    make: (dir) => [releaseScript(dir), releaseScript(dir)],
  },
  "copies kept and put back": { live: ["state/previous/restart/files/f", "f", "f", "l"], make: copies },
};

function inBulk(dir: string): readonly Script[] {
  for (const folder of ["a", "b"]) mkdirSync(`${dir}/${folder}`);
  const files = bulk.map((name) => file({ path: `${dir}/${name}`, content: name }));
  const steps = files.map((one) => one.kind.step(one, [{ field: "content", before: "x", after: "y" }]));
  return files[0] ? [files[0].kind.bulk(steps)] : [];
}

/** The first makes the file, the second edits it. */
function envScript(dir: string, key: string): Script {
  return scriptOf(envFile({ path: `${dir}/.env`, entries: { [key]: "1" } }), key);
}

/** The first installs it, the second again, into the folder that is there. */
function releaseScript(dir: string): Script {
  // Made once: another second would be another archive.
  if (!existsSync(`${dir}/archive`)) archiveIn(dir);
  const sha256 = createHash("sha256")
    .update(readFileSync(`${dir}/archive`))
    .digest("hex");
  const tool = release({
    ...{ name: "tool", version: "1", url: "http://127.0.0.1:1/tool.tar.gz", sha256, dir: `${dir}/opt` },
    ...{ files: { one: "one", two: "two" }, links: { [`${dir}/bin/one`]: "one" } },
  });
  const fields = ["files", `link ${dir}/bin/one`].map((field) => ({ field, before: "x", after: "y" }));
  // As if it had been downloaded before its turn.
  return sh`
    mkdir -p early; cp ${`${dir}/archive`} early/archive; early=$PWD/early
    ${tool.kind.step(tool, fields).script}`;
}

function archiveIn(dir: string): void {
  mkdirSync(`${dir}/tree`, { recursive: true });
  for (const name of ["one", "two"]) writeFileSync(`${dir}/tree/${name}`, `#!/bin/sh\necho ${name}\n`);
  execFileSync("tar", ["-czf", `${dir}/archive`, "-C", `${dir}/tree`, "one", "two"]);
}

function copies(dir: string): readonly Script[] {
  writeFileSync(`${dir}/f`, "old");
  const previous = previousOf(["restart"], statePaths(dir));
  symlinkSync("/nowhere", `${dir}/l`);
  const files = [`${dir}/f`, `${dir}/l`];
  const change = scriptOf(file({ path: `${dir}/f`, content: "new" }), "content");
  mkdirSync(statePaths(dir).log);
  return [keepFiles(previous, files), change, lines([sh`now=`, restoreSection(previous, files, {})])];
}

/** The renames that took something to its place, and those of which something was not on the disk before, or not after. */
function judge(calls: readonly string[]): { readonly live: readonly string[]; readonly early: readonly string[] } {
  const [live, early]: [string[], string[]] = [[], []];
  const dirty = new Set<string>();
  const renamed = new Set<string>();
  const isStaged = (path: string) => /\/\.staged\.|\.(part|new)$/.test(path);
  for (const [call = "", path = "", to = ""] of calls.map((line) => line.split(" "))) {
    if (call === "write") dirty.add(path);
    if (call === "fsync") dirty.delete(path);
    if (call === "fsync") renamed.delete(path);
    if (call !== "rename") continue;
    const moved = [...dirty].filter((one) => one === path || one.startsWith(`${path}/`));
    if (!isStaged(to)) {
      live.push(to);
      renamed.add(dirname(to));
      early.push(...moved);
    }
    for (const one of moved) {
      dirty.delete(one);
      dirty.add(`${to}${one.slice(path.length)}`);
    }
    // A folder is its names.
    dirty.add(dirname(to));
  }
  return { live, early: [...early, ...renamed] };
}

for (const shell of shells)
  for (const [name, { live, make }] of Object.entries(ways))
    t.test(
      `${name}: content is on the disk before the rename, the folder after it (${shell[0]})`,
      { skip },
      async (t) => {
        const dir = t.testdir();
        const script = sh`cd ${dir}; ${lines(make(dir).map((one) => sh`( set -eu; umask 077\n${one}\n) || exit`))}`;
        const judged = judge(diskCalls(dir, shell, script).filter((call) => call.includes(dir)));
        t.same(judged.early, []);
        t.same(
          // What is kept has its whole path below the folder.
          judged.live.map((path) => path.replaceAll(`${dir}/`, "/").slice(1)),
          live,
        );
      },
    );

/** Errors of `sync FILE`, as the C library words them, and whether they are the disk's. */
const errors = [
  { said: "error syncing 'new': Input/output error", isReal: true },
  { said: "error syncing 'new': No space left on device", isReal: true },
  { said: "new: I/O error", isReal: true },
  { said: "error opening 'new': No such file or directory", isReal: true },
  { said: "error syncing '..': Invalid argument", isReal: false },
  { said: "error opening '..': Permission denied", isReal: false },
  { said: "error syncing '..': Operation not supported", isReal: false },
];

for (const shell of shells) {
  const run = (script: Script) => {
    const [section] = runSections(shell, [lines([fsync, script])]);
    return [section?.status, section?.stderr];
  };
  t.test(`what the disk could not take is an error, what cannot be asked for is none (${shell[0]})`, async (t) => {
    const dir = t.testdir({ bin: {}, file: "x", none: {} });
    const asked = () => readFileSync(`${dir}/asked`, "utf8");
    const pretend = (text: string) => {
      writeFileSync(`${dir}/bin/sync`, `#!/bin/sh\necho "$#" >>${dir}/asked\n${text}\n`);
      chmodSync(`${dir}/bin/sync`, 0o755);
      writeFileSync(`${dir}/asked`, "");
      return run(sh`PATH=${`${dir}/bin`}:$PATH; cd ${dir}; fsync file .`);
    };
    for (const { said, isReal } of errors) {
      const text = `sync: ${said}`;
      const ended = pretend(`[ $# = 0 ] || { echo "${text}" >&2; exit 1; }`);
      t.same(ended, isReal ? [1, text] : [0, ""], said);
      t.equal(asked(), isReal ? "3\n" : "3\n0\n", "then all is synced");
    }
    t.same(pretend('echo "sync: ignoring all arguments" >&2'), [0, ""], "before coreutils 8.24");
    t.same(run(sh`cd ${dir}; fsync file . /proc/self/status`), [0, ""], "no file of a disk");
    t.same(run(sh`cd ${dir}; PATH=${`${dir}/none`} fsync file`), [0, ""], "no sync at all");
    t.match(run(sh`cd ${dir}; fsync file gone`), [1, /gone.*No such file/]);
  });
}

t.test("busybox' own sync takes files too", { skip: !shells.some(([name]) => name === "busybox") }, async (t) => {
  const dir = t.testdir({ bin: { sync: '#!/bin/sh\nexec busybox sync "$@"\n' }, file: "x" });
  chmodSync(`${dir}/bin/sync`, 0o755);
  const inDash = (script: Script) =>
    runSections(["dash"], [lines([fsync, sh`PATH=${`${dir}/bin`}:$PATH; cd ${dir}`, script])])[0];
  t.match(inDash(sh`fsync file .`), { status: 0, stderr: "" });
  t.match(inDash(sh`fsync gone`), { status: 1, stderr: /gone/ });
});
