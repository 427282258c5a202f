import { type Script, sh } from "../shell/sh.ts";
import { type Entry, entryOf, journalPath, type StatePaths } from "./host-state.ts";

/** What one run did on a host, as the host's journal has it. */
export interface PastRun {
  /** Of its first change, as the host's clock had it: `2026-11-27T16:18:16Z`. */
  readonly time: string;
  readonly run: string;
  readonly operator: string;
  readonly playbook: string;
  /** Empty outside a git checkout. */
  readonly commit: string;
  readonly deeds: readonly Deed[];
}

/** A change, a handler, or what went back to how it was before. */
export interface Deed {
  /** A resource's `type id`, or a handler's name. */
  readonly name: string;
  readonly kind: "changed" | "handler" | "undone";
  readonly fields: readonly string[];
}

/** So much of a journal's end is read: some thousand changes. */
const LINES = 20_000;

/** Section that prints the end of a host's journal. */
export function historyProbe(paths: StatePaths): Script {
  return sh`[ ! -e ${journalPath(paths)} ] || tail -n ${`${LINES}`} -- ${journalPath(paths)}`;
}

/** Reads what `historyProbe` printed: runs in their order. Lines that a broken disk left are none. */
export function parseHistory(stdout: string): readonly PastRun[] {
  const runs = new Map<string, PastRun & { deeds: Deed[] }>();
  for (const entry of stdout.split("\n").flatMap(entryOf)) {
    const [run, time, operator, playbook, commit] = ["run", "time", "operator", "playbook", "commit"].map((name) =>
      textOf(entry, name),
    );
    const deed = deedOf(entry);
    if (!run || !deed) continue;
    const known = runs.get(run) ?? { run, time, operator, playbook, commit, deeds: [] as Deed[] };
    runs.set(run, known as PastRun & { deeds: Deed[] });
    known.deeds.push(deed);
  }
  return [...runs.values()];
}

function deedOf(entry: Entry): Deed | undefined {
  const [resource, handler] = [textOf(entry, "resource"), textOf(entry, "handler")];
  const fields = Array.isArray(entry.fields) ? entry.fields.filter((field) => typeof field === "string") : [];
  if (resource !== "") return { name: resource, kind: entry.rollback === true ? "undone" : "changed", fields };
  return handler === "" ? undefined : { name: handler, kind: "handler", fields };
}

function textOf(entry: Entry, name: string): string {
  const value = entry[name];
  return typeof value === "string" ? value : "";
}
