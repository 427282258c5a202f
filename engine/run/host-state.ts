import { remark } from "../shell/frame.ts";
import { lines, type Script, sh } from "../shell/sh.ts";

/** Where the engine keeps its lock, its pending notifications and its journal on a host. */
export interface StatePaths {
  readonly state: string;
  /** Holds `journal.jsonl`: one line for each change that was made. */
  readonly log: string;
}

/** The places of FHS 3.0 for state and logs. */
export const STATE_PATHS: StatePaths = { state: "/var/lib/hostwright", log: "/var/log/hostwright" };

/** Who changes a host, for its lock and its journal. */
export interface Operation {
  readonly run: string;
  readonly operator: string;
  readonly playbook: string;
  /** The playbook's commit; empty outside a git checkout. */
  readonly commit: string;
}

/** Who wants the lock, and for how long they wait for it. */
export interface LockRequest {
  readonly operation: Operation;
  readonly waitSeconds: number;
  readonly paths: StatePaths;
}

/**
 * Prelude that takes the host's lock or leaves the frame. The kernel ties the lock to this shell: it is gone when the
 * shell is, so a dropped connection frees nothing early and a dead run blocks nobody. Remarks `locked` or `taken-over`.
 */
export function takeLock(nonce: string, { operation, waitSeconds, paths }: LockRequest): Script {
  const wait = waitSeconds > 0 ? sh`-w ${waitSeconds}` : sh`-n`;
  const { operator, playbook, run } = operation;
  const [lock, holder] = [`${paths.state}/lock`, `${paths.state}/holder`];
  return sh`
    command -v flock >/dev/null || { echo "flock is missing: install util-linux" >&2; exit 1; }
    mkdir -p ${pendingFolder(paths)} ${paths.log} || exit 1
    exec 9>>${lock}
    flock ${wait} 9 || { ${remark(nonce, "locked", sh`cat ${holder}`)}; break; }
    [ ! -s ${holder} ] || ${remark(nonce, "taken-over", sh`cat ${holder}`)}
    now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    printf '%s, %s, since %s (run %s)\\n' ${operator} ${playbook} "$now" ${run} >${holder} || exit 1
    holder=${holder}
    trap 'rm -f -- "$holder"' EXIT`;
}

/** Section that prints the handlers notified on this host and not run yet, one a line. */
export function pendingProbe(paths: StatePaths): Script {
  return sh`for path in ${pendingFolder(paths)}/*; do [ ! -f "$path" ] || printf '%s\\n' "\${path##*/}"; done`;
}

/** Reads what `pendingProbe` printed. */
export function parsePending(stdout: string): readonly string[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map(decodeURIComponent);
}

/** Section that notifies handlers, then makes changes, then writes each down: in this order, so that a crash loses nothing. */
export function changeSection(
  change: Script,
  notify: readonly string[],
  { operation, changes }: { readonly operation: Operation; readonly changes: readonly Entry[] },
  paths: StatePaths,
): Script {
  return sh`
    ${lines(notify.map((handler) => sh`: >${pendingPath(handler, paths)}`))}
    (
    ${change}
    )
    note() { printf '{"time":"%s",%s,%s\\n' "$now" ${JSON.stringify(operation).slice(1, -1)} "$1"; }
    {
    ${lines(changes.map((one) => sh`note ${JSON.stringify(one).slice(1)}`))}
    } >>${journalPath(paths)}`;
}

/** Section that runs a handler and only then forgets that it was notified. */
export function handlerSection(handler: string, script: Script, entry: Entry, paths: StatePaths): Script {
  return sh`
    (
    ${script}
    )
    rm -f -- ${pendingPath(handler, paths)}
    ${journal(entry, paths)}`;
}

type Entry = Readonly<Record<string, unknown>>;

/** Script that tells whether a handler was notified and has not succeeded since. */
export function isPending(handler: string, paths: StatePaths): Script {
  return sh`[ -e ${pendingPath(handler, paths)} ]`;
}

/** Script that writes a line of the journal, with the time. */
export function journal(entry: Entry, paths: StatePaths): Script {
  return sh`printf '{"time":"%s",%s\\n' "$now" ${JSON.stringify(entry).slice(1)} >>${journalPath(paths)}`;
}

function journalPath({ log }: StatePaths): string {
  return `${log}/journal.jsonl`;
}

function pendingFolder({ state }: StatePaths): string {
  return `${state}/pending`;
}

function pendingPath(handler: string, paths: StatePaths): string {
  return `${pendingFolder(paths)}/${encodeURIComponent(handler)}`;
}
