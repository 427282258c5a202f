import { fsync } from "../resource/fsync.ts";
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

/**
 * Section that notifies handlers, then makes changes, then writes each down: in this order, so that a crash loses nothing. What is
 * notified is on the disk before the change is; of the journal a power failure may take the last lines.
 */
export function changeSection(
  change: Script,
  notify: readonly string[],
  { operation, changes }: { readonly operation: Operation; readonly changes: readonly Entry[] },
  paths: StatePaths,
): Script {
  return sh`
    ${notify.length > 0 ? notifyAll(notify, paths) : sh``}
    (
    ${change}
    )
    note() { printf '{"time":"%s",%s,%s\\n' "$now" ${JSON.stringify(operation).slice(1, -1)} "$1"; }
    {
    ${lines(changes.map((one) => sh`note ${JSON.stringify(one).slice(1)}`))}
    } >>${journalPath(paths)}`;
}

function notifyAll(handlers: readonly string[], paths: StatePaths): Script {
  return sh`
    ${fsync}
    notified=
    for path in ${handlers.map((handler) => pendingPath(handler, paths))}; do
      [ -e "$path" ] || { : >"$path"; notified=yes; }
    done
    [ -z "$notified" ] || fsync ${pendingFolder(paths)}`;
}

/** Section that runs a handler and only then forgets that it was notified. */
export function handlerSection(handler: string, script: Script, entry: Entry, paths: StatePaths): Script {
  return sh`
    (
    ${script}
    )
    ${handlerDone(handler, entry, paths)}`;
}

/** Script that forgets that a handler was notified, and writes down that it ran. */
export function handlerDone(handler: string, entry: Entry, paths: StatePaths): Script {
  return sh`
    rm -f -- ${pendingPath(handler, paths)}
    ${journal(entry, paths)}`;
}

/** A line of the journal. */
export type Entry = Readonly<Record<string, unknown>>;

/** Script that tells whether a handler was notified and has not succeeded since. */
export function isPending(handler: string, paths: StatePaths): Script {
  return sh`[ -e ${pendingPath(handler, paths)} ]`;
}

/** Script that writes a line of the journal, with the time. */
export function journal(entry: Entry, paths: StatePaths): Script {
  return sh`printf '{"time":"%s",%s\\n' "$now" ${JSON.stringify(entry).slice(1)} >>${journalPath(paths)}`;
}

/** Section that prints what a run did on this host, as its journal has it. */
export function journalOf(run: string, paths: StatePaths): Script {
  return sh`[ ! -e ${journalPath(paths)} ] || grep -F ${JSON.stringify({ run }).slice(1, -1)} ${journalPath(paths)} || :`;
}

/** Reads what `journalOf` printed: resources and handlers, by what the run calls them. Lines that a broken disk left are none. */
export function parseJournal(stdout: string): {
  readonly resources: readonly string[];
  readonly handlers: readonly string[];
} {
  const entries = stdout
    .split("\n")
    .flatMap(entryOf)
    .filter((entry) => !("rollback" in entry));
  const all = (field: string) => entries.map((entry) => entry[field]).filter((name) => typeof name === "string");
  return { resources: [...new Set(all("resource"))], handlers: [...new Set(all("handler"))] };
}

/** The entry of a line; none where a broken disk left something else. */
export function entryOf(line: string): readonly Entry[] {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === "object" && entry !== null ? [entry as Entry] : [];
  } catch {
    return [];
  }
}

/** Where a host's journal is. */
export function journalPath({ log }: StatePaths): string {
  return `${log}/journal.jsonl`;
}

/** Holds a file for each handler that was notified and has not succeeded since. */
export function pendingFolder({ state }: StatePaths): string {
  return `${state}/pending`;
}

function pendingPath(handler: string, paths: StatePaths): string {
  return `${pendingFolder(paths)}/${encodeURIComponent(handler)}`;
}
