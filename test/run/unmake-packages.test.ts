import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import t from "tap";
import { pkg } from "../../engine/resource/package.ts";
import { applyNoted, plan, unmake } from "../support/converges.ts";
import { shells } from "../support/shells.ts";

const { PATH = "" } = process.env;
t.teardown(() => {
  process.env.PATH = PATH;
  delete process.env.DPKG_ADMINDIR;
});

const hasDpkg = ["/usr/bin/dpkg-query", "/bin/dpkg-query"].some((file) => existsSync(file));

/**
 * A dpkg database and accounts of its own. apt-get brings `lib` along with `tool`, and a group by a script; who removes `lib` removes
 * what is in the file `needs` too.
 */
function standIn(dir: string): void {
  for (const name of ["bin", "dpkg", "state"]) mkdirSync(`${dir}/${name}`);
  const native = execFileSync("dpkg", ["--print-architecture"], { encoding: "utf8" }).trim();
  const entry = (name: string) =>
    `Package: ${name}\nStatus: install ok installed\nArchitecture: ${native}\nMaintainer: t\nVersion: 1\nDescription: t\n\n`;
  writeFileSync(`${dir}/dpkg/status`, ["dpkg", "theirs"].map(entry).join(""));
  writeFileSync(`${dir}/group`, "root:x:0:\n");
  writeFileSync(`${dir}/needs`, "");
  writeFileSync(`${dir}/manual`, "");
  const scripts = {
    "apt-get": `
      # Where the lists of the machine are old.
      [ "$1" != update ] || exit 0
      verb=$1; shift
      sim=; while [ "$1" != -- ]; do [ "$1" != -s ] || sim=yes; shift; done; shift
      echo "$verb\${sim:+ -s} $*" >>'${dir}/calls'
      case $verb$sim in
        installyes) for name in "$@" lib; do echo "Inst $name (1 test [all])"; done ;;
        install) for name in "$@" lib; do printf '${entry("%s").replaceAll("\n", "\\n")}' "$name" >>"$DPKG_ADMINDIR/status"; done
          echo tool:x:7: >>'${dir}/group' ;;
        purgeyes) for name in "$@"; do echo "Purg $name [1]"; [ "$name" != lib ] || sed 's/.*/Remv & [1]/' '${dir}/needs'; done ;;
        remove) for name in "$@"; do sed -i "/^Package: $name$/,/^$/d" "$DPKG_ADMINDIR/status"; done ;;
      esac`,
    "apt-mark": `shift 2; for name in "$@"; do grep -x -- "$name" '${dir}/manual' || :; done`,
    getent: `
      [ "$1" = group ] || exit 0
      if [ $# = 1 ]; then cat '${dir}/group'; else grep "^$2:" '${dir}/group' || exit 2; fi`,
    groupdel: `sed -i "/^$2:/d" '${dir}/group'`,
  };
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(`${dir}/bin/${name}`, `#!/bin/sh\n${script}\n`);
    chmodSync(`${dir}/bin/${name}`, 0o755);
  }
  process.env.PATH = `${dir}/bin:${PATH}`;
  process.env.DPKG_ADMINDIR = `${dir}/dpkg`;
}

for (const shell of hasDpkg ? shells : []) {
  t.test(`packages in ${shell[0]}`, async (t) => {
    const begin = (t: import("tap").Test) => {
      const dir = t.testdir();
      standIn(dir);
      const paths = { state: `${dir}/state`, log: `${dir}/state` };
      const before = () => ["dpkg/status", "group"].map((name) => readFileSync(`${dir}/${name}`, "utf8"));
      const found = before();
      applyNoted(shell, plan(shell, [pkg({ name: ["tool", "theirs"] })]), paths);
      return { dir, paths, before, found };
    };

    t.test("they go with what came along and what their scripts made; what was there stays", async (t) => {
      const { dir, paths, before, found } = begin(t);
      t.match(
        readFileSync(`${dir}/state/made`, "utf8").replaceAll(/^\S+ \S+ /gm, ""),
        ["package - tool\npackage pulled lib\ngroup package tool\n"].join(""),
      );
      t.same(unmake(shell, paths), []);
      t.same(before(), found);
      const calls = readFileSync(`${dir}/calls`, "utf8").trim().split("\n");
      t.same(calls.slice(-3), ["purge -s tool lib", "remove lib tool", "purge lib tool"], "at once");
    });

    t.test("what something else needs stays, and what somebody asked for since", async (t) => {
      const { dir, paths } = begin(t);
      writeFileSync(`${dir}/needs`, "other\n");
      t.same(unmake(shell, paths), ["left package lib: other needs it"]);
      const again = begin(t);
      writeFileSync(`${again.dir}/manual`, "lib\ntool\n");
      t.same(unmake(shell, again.paths), ["left package lib: somebody asked for it by name since"]);
      t.match(readFileSync(`${again.dir}/dpkg/status`, "utf8"), /Package: lib/);
    });
  });
}
