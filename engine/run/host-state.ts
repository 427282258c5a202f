import { remark } from "../shell/frame.ts";
import { lines, type Script, sh } from "../shell/sh.ts";

/** Where the engine keeps its lock and its pending notifications on a host. */
const STATE = "/var/lib/hostwright";
const PENDING = `${STATE}/pending`;
const LOCK = `${STATE}/lock`;
const HOLDER = `${STATE}/holder`;

/** One line of JSON for each change that was made on the host. */
const JOURNAL_FOLDER = "/var/log/hostwright";
const JOURNAL = `${JOURNAL_FOLDER}/journal.jsonl`;

/** Who changes a host, for its lock and its journal. */
export interface Operation {
  readonly run: string;
  readonly operator: string;
  readonly playbook: string;
  /** The playbook's commit; empty outside a git checkout. */
  readonly commit: string;
}

/**
 * Prelude that takes the host's lock or leaves the frame. The kernel ties the lock to this shell: it is gone when the
 * shell is, so a dropped connection frees nothing early and a dead run blocks nobody. Remarks `locked` or `taken-over`.
 */
export function takeLock(nonce: string, operation: Operation, waitSeconds: number): Script {
  const wait = waitSeconds > 0 ? sh`-w ${waitSeconds}` : sh`-n`;
  const { operator, playbook, run } = operation;
  return sh`
    command -v flock >/dev/null || { echo "flock is missing: install util-linux" >&2; exit 1; }
    mkdir -p ${PENDING} ${JOURNAL_FOLDER} || exit 1
    exec 9>>${LOCK}
    flock ${wait} 9 || { ${remark(nonce, "locked", sh`cat ${HOLDER}`)}; break; }
    [ ! -s ${HOLDER} ] || ${remark(nonce, "taken-over", sh`cat ${HOLDER}`)}
    now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    printf '%s, %s, since %s (run %s)\\n' ${operator} ${playbook} "$now" ${run} >${HOLDER}
    trap 'rm -f '${HOLDER} EXIT`;
}

/** Section that prints the handlers notified on this host and not run yet, one a line. */
export const pendingProbe: Script = sh`
  for path in ${PENDING}/*; do [ ! -f "$path" ] || printf '%s\\n' "\${path##*/}"; done`;

/** Reads what `pendingProbe` printed. */
export function parsePending(stdout: string): readonly string[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map(decodeURIComponent);
}

/** Section that notifies handlers, then makes a change, then writes it down: in this order, so that a crash loses nothing. */
export function changeSection(
  change: Script,
  notify: readonly string[],
  entry: Readonly<Record<string, unknown>>,
): Script {
  return sh`
    ${lines(notify.map((handler) => sh`: >${pendingPath(handler)}`))}
    (
    ${change}
    )
    ${journal(entry)}`;
}

/** Section that runs a handler and only then forgets that it was notified. */
export function handlerSection(handler: string, script: Script, entry: Readonly<Record<string, unknown>>): Script {
  return sh`
    (
    ${script}
    )
    rm -f -- ${pendingPath(handler)}
    ${journal(entry)}`;
}

function journal(entry: Readonly<Record<string, unknown>>): Script {
  return sh`printf '{"time":"%s",%s\\n' "$now" ${JSON.stringify(entry).slice(1)} >>${JOURNAL}`;
}

function pendingPath(handler: string): string {
  return `${PENDING}/${encodeURIComponent(handler)}`;
}
