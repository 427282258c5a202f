import { sh } from "../shell/sh.ts";
import { enterMade } from "./folder.ts";
import { compare, defineResource } from "./resource.ts";
import { checkMode, checkPath, kindOf, nameOf, parseStats, type Stat, statPaths } from "./stat.ts";

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
  refuses: (_, stat) =>
    stat === undefined || stat.type === "directory"
      ? undefined
      : `${nameOf(stat)} is in the way and is not a directory: move it away, or name the directory that a link points to`,
  makes: ({ path }, stat) => (stat === undefined ? [{ what: "folder", name: path }] : []),
  apply: ({ path, mode = "0755", owner = "root", group }) => sh`
    ${enterMade(path)}
    chown -- ${group === undefined ? owner : `${owner}:${group}`} .
    chmod -- ${mode} .`,
});
