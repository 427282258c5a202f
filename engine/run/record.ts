import { normalize } from "node:path/posix";
import { fsync } from "../resource/fsync.ts";
import { MADE_KINDS, type Made, noteMade, notesOf } from "../resource/made.ts";
import type { Step } from "../resource/resource.ts";
import { lines, type Script, sh } from "../shell/sh.ts";
import { type Applied, hash, nameOf } from "./applied.ts";
import type { Operation, StatePaths } from "./host-state.ts";
import { keepUnproven, type Previous } from "./previous.ts";

/** Whose something is: an inventory, by all of its playbooks or by one of them. */
export interface Scope {
  readonly inventory: string;
  readonly playbook: string;
}

/** Returns the scope of runs of a playbook with an inventory, whatever checkout they are from. */
export function scopeOf(inventory: readonly string[], { playbook }: Pick<Operation, "playbook">): Scope {
  return { inventory: hash(inventory.join("\n")), playbook: hash(playbook) };
}

/** Whose changes are: of no inventory where nobody says it. */
export function scopeIn({
  scope,
  operation,
}: {
  readonly scope?: Scope | undefined;
  readonly operation: Operation;
}): Scope {
  return scope ?? scopeOf([], operation);
}

/** A scope as one word. */
export function scopeWord({ inventory, playbook }: Scope): string {
  return `${inventory}.${playbook}`;
}

/** A line of the record: a thing that a run made here. */
export interface Recorded extends Made {
  readonly scope: Scope;
  /** Names the resource that it was made for, as `applied` does. */
  readonly key: string;
}

/** The file with a line for each thing. It grows by what is made anew; a line that is there twice is one. */
export const recordPath = ({ state }: StatePaths): string => `${state}/made`;

/** Where copies are kept of what was there before and was replaced. */
export const foundBefore = (paths: StatePaths): Previous => ({ folder: `${paths.state}/found`, paths, handlers: [] });

/** Prelude by which sections note what they are about to make; none where they make nothing. */
export function beginRecord(steps: readonly Step[], scope: Scope, paths: StatePaths): Script {
  if (!steps.some(({ makes }) => makes.length > 0)) return sh``;
  return sh`
    ${fsync}
    ${noteMade}
    # Whether anything was noted of a resource: then what is there is no more as it was found.
    known() {
      [ ! -s "$made_in" ] || while read -r _ key _; do [ "$key" != "$1" ] || return 0; done <"$made_in"
      return 1
    }
    made_in=${recordPath(paths)} made_by=${scopeWord(scope)}`;
}

/** Script that notes what these steps make, on the disk before any of it is there. */
export function recordOf(steps: readonly Step[], paths: StatePaths): Script {
  const all = steps.filter(({ makes }) => makes.length > 0);
  if (all.length === 0) return sh``;
  return sh`
    ${lines(all.map((step) => recordStep(step, paths)))}
    [ ! -e "$made_in" ] || fsync "$made_in"`;
}

function recordStep({ resource, makes }: Step, paths: StatePaths): Script {
  const key = nameOf(resource);
  const kept = makes.filter(({ what }) => what === "kept");
  const others = makes.filter(({ what }) => what !== "kept");
  const copies = sh`
    known ${key} || {
      ( ${keepUnproven(
        foundBefore(paths),
        kept.map(({ name }) => name),
      )} )
      ${notesOf(key, kept)}
    }`;
  // Packages note themselves what comes with them, once apt knows.
  return lines([
    ...(kept.length > 0 ? [copies] : []),
    ...(others.some(({ what }) => what === "package") ? [sh`made_key=${key}`] : []),
    notesOf(key, others),
  ]);
}

/** The steps, of which none keeps as found before what an earlier run has applied: that is ours. */
export function withoutOwn(steps: readonly Step[], applied: Applied): readonly Step[] {
  return steps.map((step) =>
    applied.has(nameOf(step.resource)) ? { ...step, makes: step.makes.filter(({ what }) => what !== "kept") } : step,
  );
}

const LINE = /^([0-9a-f]{8})\.([0-9a-f]{8}) ([0-9a-f]{8}) ([a-z-]+) (\S+) (.+)$/;

/** Reads the record: each thing once, where it was noted last. Lines that a broken disk left are none. */
export function parseRecord(text: string): readonly Recorded[] {
  const found = new Map<string, Recorded>();
  for (const line of text.split("\n")) {
    const [, inventory = "", playbook = "", key = "", word, detail = "", name = ""] = LINE.exec(line) ?? [];
    const what = MADE_KINDS.find((kind) => kind === word);
    if (what === undefined || /[\0\ufffd]/.test(line)) continue;
    if (!PATHS.includes(what) || (name !== "/" && name.startsWith("/") && normalize(name) === name)) {
      found.delete(line);
      found.set(line, { scope: { inventory, playbook }, key, what, detail: detail === "-" ? undefined : detail, name });
    }
  }
  return [...found.values()];
}

const PATHS: readonly Made["what"][] = ["file", "blank", "kept", "folder", "tree", "entry", "member"];

/** A line of the record, as `parseRecord` reads it. */
export function recordLine({ scope, key, what, detail = "-", name }: Recorded): string {
  return `${scopeWord(scope)} ${key} ${what} ${detail} ${name}`;
}
