import { sh } from "../shell/sh.ts";
import { inUnits } from "./disk.ts";
import type { Suspicion, Trouble } from "./suspicion.ts";

/** What shells, the C library and the loader say where a process cannot have memory, or cannot be started. */
const NO_MEMORY = /cannot allocate memory|out of memory|memory exhausted|failed to map segment|bad_alloc/i;
const NO_PROCESS = /can(?:not|'t) fork|\bfork: /i;
/** Ended by SIGKILL, as 128 + 9: by whom is not said. */
const KILLED = /\bexit 137\b/;

/**
 * Prints a name and a number a line: the machine's `total` and `available` KiB, and the programs that its kernel `ended` for want of memory
 * since it started; in a container the `limit` and what is `used` of it, in bytes, and its own `ended`; the `most` processes that it
 * may have. A host that is out of processes cannot start any for us: the shell does it all.
 */
const PROBE = sh`
  while read -r name value _; do
    case $name in MemTotal:) echo "total $value" ;; MemAvailable:) echo "available $value" ;; esac
  done </proc/meminfo
  # Of cgroup v2, or of v1: a machine's own has no limit.
  cd /sys/fs/cgroup
  group=.; pids=.; limit=memory.max used=memory.current
  [ -e memory.max ] || { group=memory pids=pids limit=memory.limit_in_bytes used=memory.usage_in_bytes; }
  for one in "limit $group/$limit" "used $group/$used" "most $pids/pids.max"; do
    value=; { read -r value <"\${one#* }"; } 2>/dev/null || :
    case $value in '' | *[!0-9]*) ;; *) echo "\${one%% *} $value" ;; esac
  done
  for file in /proc/vmstat $group/memory.events $group/memory.oom_control; do
    [ ! -r "$file" ] || while read -r name value _; do [ "$name" != oom_kill ] || echo "ended $value"; done <"$file"
  done`;

/** Memory, or processes, of which there are no more. */
export const memorySuspicion: Suspicion = {
  complains: (said) => [NO_MEMORY, NO_PROCESS, KILLED].some((words) => words.test(said)),
  asks: () => PROBE,
  finds: ({ host, said }, stdout) => memoryTrouble(host, said, parseMemory(stdout)),
};

/** What a host tells of its memory and processes; sizes are bytes. */
export interface Memory {
  readonly total?: number | undefined;
  readonly available?: number | undefined;
  /** Programs that the kernel ended to have their memory. */
  readonly ended?: number | undefined;
  /** Processes, where there is a limit. */
  readonly most?: number | undefined;
}

/** Reads what the probe printed: a container's limit is what it has, where it is less than the machine's memory. */
export function parseMemory(stdout: string): Memory {
  // Of a name that is there twice the last is the narrower one.
  const found = new Map([...stdout.matchAll(/^([a-z]+) (\d+)$/gm)].map(([, name, value]) => [name, Number(value)]));
  const [total, available, limit, used] = ["total", "available", "limit", "used"].map((name) => found.get(name));
  const rest = { ended: found.get("ended"), most: found.get("most") };
  if (total === undefined || available === undefined) return rest;
  if (limit === undefined || used === undefined || limit > total * 1024)
    return { total: total * 1024, available: available * 1024, ...rest };
  return { total: limit, available: Math.max(0, limit - used), ...rest };
}

/** Returns what is lacking; `undefined` where a program was killed and nothing points at memory. */
export function memoryTrouble(host: string, said: string, memory: Memory): Trouble | undefined {
  const { total, available, ended = 0, most } = memory;
  const left = available === undefined ? "" : `${inUnits(available)} of ${inUnits(total ?? 0)} available`;
  const free = `Free memory or add swap (ps -eo rss,args --sort=-rss | head shows what takes it, dmesg what the kernel ended), then run again.`;
  if (NO_MEMORY.test(said)) {
    return {
      message: `a program got no more memory on ${host}${left && ` (${left})`}`,
      hint: `${free} Where enough is available it is a limit: ulimit -v, MemoryMax of a unit, a container's --memory.`,
    };
  }
  if (NO_PROCESS.test(said)) {
    return {
      message: `${host} cannot start another process${most === undefined ? "" : ` (at most ${most})`}`,
      hint: "End what started so many (ps -eo user,args | sort | uniq -c | sort -n | tail), or raise the limit: /etc/security/limits.conf, TasksMax of a unit, a container's --pids-limit.",
    };
  }
  if (ended === 0) return undefined;
  const times = ended === 1 ? "once" : `${ended} times`;
  return {
    message: `a program was killed on ${host}, which ran out of memory ${times} since it started (${left || "how much is left is not known"})`,
    hint: free,
  };
}
