import { MismatchError } from "../format/mismatch.ts";
import { type Script, sh, splitLines } from "../shell/sh.ts";
import { ProbeError } from "./resource.ts";

/** What `stat` says of one path. `undefined` where nothing is there. */
export interface Stat {
  readonly type: "file" | "directory" | "link" | "other";
  /** Four octal digits, as in "0644". */
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  readonly uid: string;
  readonly gid: string;
}

/** Script that prints one mark a path and then one line of `stat` for each that exists: one fork for all of them. */
export function statPaths(paths: readonly string[]): Script {
  return sh`
    set -- ${paths}
    for path in "$@"; do if [ -L "$path" ] || [ -e "$path" ]; then echo present; else echo absent; fi; done
    ${keepPaths(sh`[ -L "$path" ] || [ -e "$path" ]`)}
    [ $# = 0 ] || stat -c '%f %a %U %G %u %g' -- "$@"`;
}

/**
 * Script that leaves those of "$@" for which a test of "$path" holds, without a process. A path has no newline, so lines can carry
 * them; appending each to "$@" would make all before it anew, and a shell takes seconds for thousands.
 */
export function keepPaths(test: Script): Script {
  return sh`
    kept= newline=${"\n"}
    for path in "$@"; do if ${test}; then kept=$kept$path$newline; fi; done
    ${splitLines(sh`$kept`)}`;
}

/** Reads what `statPaths` printed for `count` paths; `rest` is what was printed after it. */
export function parseStats(
  stdout: string,
  count: number,
): { stats: readonly (Stat | undefined)[]; rest: readonly string[] } {
  const all = stdout.split("\n").filter((line) => line !== "");
  const marks = all.slice(0, count);
  const present = marks.filter((mark) => mark === "present").length;
  const stats = all.slice(count, count + present).map(parseStat);
  const isWhole = marks.every((mark) => mark === "present" || mark === "absent");
  if (!isWhole || marks.length !== count || stats.length !== present)
    throw new ProbeError(`stat: unexpected output: ${stdout.slice(0, 200)}`);
  return {
    stats: marks.map((mark) => (mark === "present" ? stats.shift() : undefined)),
    rest: all.slice(count + present),
  };
}

function parseStat(line: string): Stat {
  const [, raw, mode, owner, group, uid, gid] = /^([0-9a-f]+) ([0-7]+) (\S+) (\S+) (\d+) (\d+)$/.exec(line) ?? [];
  if (!raw || !mode || !owner || !group || !uid || !gid) throw new ProbeError(`stat: unexpected line: ${line}`);
  return { type: typeOf(raw), mode: mode.padStart(4, "0"), owner, group, uid, gid };
}

/** The type bits of st_mode, as `stat -c %f` prints them in hexadecimal (inode(7)). */
function typeOf(raw: string): Stat["type"] {
  const bits = Number.parseInt(raw, 16) & 0o170000;
  if (bits === 0o100000) return "file";
  if (bits === 0o040000) return "directory";
  return bits === 0o120000 ? "link" : "other";
}

/** What to write as `before` of a path's type: "absent" where nothing is. */
export function kindOf(stat: Stat | undefined): string {
  return stat?.type ?? "absent";
}

/** What is at a path, in words. */
export function nameOf({ type }: Stat): string {
  return type === "other" ? "a pipe, a socket or a device" : `a ${type}`;
}

/** Refuses paths that no line-based probe can carry, and relative ones. Returns the path. */
export function checkPath(path: string): string {
  if (!path.startsWith("/") || path.includes("\n"))
    throw new MismatchError({ found: `the path ${JSON.stringify(path)}`, expected: "an absolute one on one line" });
  return path;
}

/** The owner or group as the wanted value spells it: a number where that is one, since not every uid has a name. */
export function spelledAs(
  wanted: string | undefined,
  name: string | undefined,
  id: string | undefined,
): string | undefined {
  return wanted !== undefined && /^\d+$/.test(wanted) ? id : name;
}

/** Refuses modes that `stat` never prints, so that no resource differs for ever: "755" is "0755". Returns the mode. */
export function checkMode(mode: string): string {
  if (!/^[0-7]{4}$/.test(mode))
    throw new MismatchError({ found: `the mode ${JSON.stringify(mode)}`, expected: 'four octal digits, as in "0644"' });
  return mode;
}
