import { dirname } from "node:path";
import { type Script, sh } from "../shell/sh.ts";
import { compare, defineResource, touches } from "./resource.ts";
import { checkMode, checkPath, kindOf, parseStats, type Stat, statPaths } from "./stat.ts";

export interface DirectoryDesired {
  readonly path: string;
  /** Four octal digits, "0755" unless given. */
  readonly mode?: string;
  /** "root" unless given. */
  readonly owner?: string;
  /** Left as it comes unless given. */
  readonly group?: string;
}

/** A directory with this mode and owner; missing parents are made 0755. What is in it is left alone. */
export const directory = defineResource<DirectoryDesired, Stat | undefined>({
  name: "directory",
  id({ path, mode = "0755" }) {
    checkMode(mode);
    return checkPath(path);
  },
  probe: (all) => statPaths(all.map(({ path }) => path)),
  parse: (stdout, all) => parseStats(stdout, all.length).stats,
  diff: ({ mode = "0755", owner = "root", group }, stat) =>
    compare({ type: "directory", mode, owner, group }, { ...stat, type: kindOf(stat) }),
  apply: (desired, changes) => sh`
    ${touches(changes, "type") ? make(desired.path) : sh``}
    ${setOwnerAndMode(desired)}`,
});

function make(path: string): Script {
  // The last one is made 0700 (umask 077): until its owner and mode are set, nobody else may look in or write.
  return sh`
    if [ -L ${path} ] || { [ -e ${path} ] && [ ! -d ${path} ]; }; then
      echo "is in the way and is not a directory: move it away, or name the directory that a link points to" >&2
      exit 1
    fi
    ( umask 022; mkdir -p -- ${dirname(path)} )
    mkdir -p -- ${path}`;
}

function setOwnerAndMode({ path, mode = "0755", owner = "root", group }: DirectoryDesired): Script {
  return sh`
    chown -- ${group === undefined ? owner : `${owner}:${group}`} ${path}
    chmod -- ${mode} ${path}`;
}
