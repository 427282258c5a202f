import { basename, dirname, posix } from "node:path";
import { type Script, sh } from "../shell/sh.ts";
import { enterFolderOf, here } from "./folder.ts";
import { compare, defineResource } from "./resource.ts";
import { checkPath, kindOf, parseStats, type Stat, statPaths } from "./stat.ts";

export interface AbsentDesired {
  readonly path: string;
  /** Whether a directory may be removed with all in it. */
  readonly recursive?: boolean;
}

/** Nothing at this path. A directory goes only with `recursive`; a top-level one or a mount point never does. */
export const absent = defineResource<AbsentDesired, Stat | undefined>({
  name: "absent",
  id: ({ path }) => checkPlain(path),
  probe: (all) => statPaths(all.map(({ path }) => path)),
  parse: (stdout, all) => parseStats(stdout, all.length).stats,
  diff: (_, stat) => compare({ type: "absent" }, { type: kindOf(stat) }),
  refuses({ path, recursive = false }, stat) {
    if (stat?.type !== "directory") return undefined;
    if (!recursive) return IS_DIRECTORY;
    return dirname(path) === "/" ? IS_TOP : undefined;
  },
  apply: remove,
});

/** Script that removes what is at a path. */
export function remove({ path, recursive = false }: AbsentDesired): Script {
  return sh`
    ${enterFolderOf(path)}
    if [ -L ${here(path)} ] || [ ! -d ${here(path)} ]; then
      rm -f -- ${here(path)}
    else
      ${recursive ? removeDirectory(path) : sh`deny ${IS_DIRECTORY}`}
    fi`;
}

const IS_DIRECTORY = "is a directory: say recursive: true if all in it may go";
const IS_TOP = "is a top-level directory: it is never removed";

/** Refuses "/" and any spelling that does not show at once what would be removed. */
function checkPlain(path: string): string {
  if (posix.normalize(checkPath(path)) !== path || path.endsWith("/"))
    throw new TypeError(`absent takes a path without "..", "//" or a slash at its end: ${JSON.stringify(path)}`);
  return path;
}

function removeDirectory(path: string): Script {
  // Asked of the host: a link among the parents may lead to a top-level directory, and `rm -r` would empty what is
  // mounted below. mountinfo writes space, tab and backslash as octal numbers (proc(5)), the fifth field is the place.
  return sh`
    parent=$(readlink -n /proc/self/cwd && echo x)
    parent=\${parent%x}
    case $parent in /) deny ${IS_TOP} ;; esac
    real=$(printf %s "$parent/"${basename(path)} | sed 's/\\\\/\\\\134/g; s/ /\\\\040/g; s/\t/\\\\011/g')
    while read -r _ _ _ _ mount _; do
      case $mount/ in "$real"/*) deny "has $mount mounted in it: unmount that first" ;; esac
    done </proc/self/mountinfo
    rm -rf -- ${here(path)}`;
}
