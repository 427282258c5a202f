import { type Script, sh } from "../shell/sh.ts";
import { ProbeError } from "./resource.ts";
import { keepPaths } from "./stat.ts";

/** The host's clock when it was asked, and when each path was last changed; all in whole seconds of the epoch. */
export interface Ctimes {
  readonly now: number;
  /** Of a link, the newer of itself and what it leads to. No entry where nothing is. */
  readonly of: ReadonlyMap<string, number>;
}

/**
 * Script that prints one mark a path, the clock, and the change times; one process, and one more where one of them is a link. The
 * kernel gives a process's folder below /proc the time at which somebody first looks at it, by the clock that files have too.
 */
export function probeCtimes(paths: readonly string[]): Script {
  return sh`
    set -- ${paths}
    links=
    for path in "$@"; do
      if [ -L "$path" ]; then
        links=yes
        if [ -e "$path" ]; then echo link; else echo dangles; fi
      elif [ -e "$path" ]; then echo exists
      else echo absent; fi
    done
    ${keepPaths(sh`[ -L "$path" ] || [ -e "$path" ]`)}
    stat -c %Z -- /proc/self/ "$@"
    if [ -n "$links" ]; then
      ${keepPaths(sh`[ -L "$path" ] && [ -e "$path" ]`)}
      [ $# = 0 ] || stat -L -c %Z -- "$@"
    fi`;
}

/** Reads what `probeCtimes` printed for the same paths. */
export function parseCtimes(stdout: string, paths: readonly string[]): Ctimes {
  const all = stdout.split("\n").filter((line) => line !== "");
  const [marks, times] = [all.slice(0, paths.length), all.slice(paths.length)];
  const links = marks.filter((mark) => mark === "link").length;
  const present = marks.filter((mark) => mark !== "absent").length;
  const isWhole =
    marks.length === paths.length &&
    marks.every((mark) => ["exists", "link", "dangles", "absent"].includes(mark)) &&
    times.length === 1 + present + links &&
    times.every((time) => /^\d+$/.test(time));
  if (!isWhole) throw new ProbeError(`stat: unexpected output: ${stdout.slice(0, 200)}`);
  const [now, own, targets] = [times[0], times.slice(1, 1 + present), times.slice(1 + present)];
  const of = new Map<string, number>();
  paths.forEach((path, index) => {
    if (marks[index] === "absent") return;
    const target = marks[index] === "link" ? targets.shift() : 0;
    of.set(path, Math.max(Number(own.shift()), Number(target)));
  });
  return { now: Number(now), of };
}

/**
 * Returns the first of the paths that was changed after a process started, if any; `start` in seconds of the epoch.
 *
 * Both stamps are of the host's wall clock and are compared by the second, because systemd before 247 gives no more. A file
 * changed in the very second of the start counts as newer: it may have been written after the process read it, and
 * that must not be missed. `waitForNextSecond` keeps our own starts out of that second, so nothing is restarted twice.
 * A time that lies ahead of the clock (it was set back since) is left out: no start could ever be later than it.
 */
export function newerThan(start: number, paths: readonly string[], { now, of }: Ctimes): string | undefined {
  return paths.find((path) => {
    const changed = of.get(path) ?? 0;
    return changed >= start && changed <= now;
  });
}

/** Script that waits, for a second at most, until the clock has left the second in which one of the paths was last changed. */
export function waitForNextSecond(paths: readonly string[]): Script {
  if (paths.length === 0) return sh``;
  return sh`
    changed=$({ stat -c %Z -- ${paths} || :; stat -L -c %Z -- ${paths} || :; } 2>/dev/null | sort -n | tail -n 1)
    [ "$changed" != "$(date +%s)" ] || sleep 1`;
}
