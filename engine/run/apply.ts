import { inARow } from "../resource/in-a-row.ts";
import type { Resource, Step } from "../resource/resource.ts";
import type { Section } from "../shell/frame.ts";
import { lines, type Script, sh } from "../shell/sh.ts";
import { awaitEarly, beginEarly } from "./early.ts";
import { changeSection, type Operation, type StatePaths } from "./host-state.ts";
import type { Lock } from "./lock.ts";
import { asUser } from "./plan.ts";
import { keyOf } from "./planned.ts";
import type { Look } from "./probe.ts";
import { beginRecord, recordOf, type Scope, scopeIn } from "./record.ts";

/** How changes are made. */
export interface ApplyOptions {
  readonly operation: Operation;
  readonly paths: StatePaths;
  readonly lock: Lock;
  readonly scope?: Scope;
  readonly keeping?: Keeping | undefined;
}

/** By what a change can go back. */
export interface Keeping {
  /** Comes before the resource is changed. */
  before(resource: Resource): Script;
  /** Comes after the handlers succeeded. */
  readonly after: Script;
}

/** A change that was made, and how long it took on the host; of many in one script it is not known. */
export interface Done {
  readonly step: Step;
  readonly durationMs?: number | undefined;
}

/** What came of changes. */
export interface Applied {
  readonly done: readonly Done[];
  /** Of the look where all is done, else the one that failed, where it was reached. */
  readonly sections: readonly Section[];
}

/** Makes these changes under the host's lock until one fails, and then looks; `first` runs before them. */
export async function apply(
  steps: readonly Step[],
  look: Look,
  options: ApplyOptions,
  first: Script = sh``,
): Promise<Applied> {
  // What can go back is kept one by one.
  const batches = options.keeping ? oneByOne(steps) : inBulk(steps);
  const { done, failed, sections } = await applyAll(batches, look, options, first);
  if (!failed || failed.steps.length === 1 || sections.length === 0) return { done, sections };
  // Nothing says which of many it was: each alone does.
  const rest = await applyAll(oneByOne(steps.slice(done.length)), look, options, first);
  return { done: [...done, ...rest.done], sections: rest.sections };
}

async function applyAll(
  batches: readonly Batch[],
  look: Look,
  options: ApplyOptions,
  first: Script,
): Promise<Applied & { readonly failed: Batch | undefined }> {
  const early = earlyOf(batches);
  const changes = batches.map((batch, index) => change(early.has(index) ? awaiting(batch, index) : batch, options));
  // Where it fails, it is the first change that does.
  const scripts = changes.map((script, index) => (index === 0 ? lines([first, script]) : script));
  const { paths } = options;
  const all = batches.flatMap(({ steps }) => steps);
  // What is had early is there before its turn: then it is noted again, at its place among the others.
  const had = batches.flatMap(({ steps }, index) => (early.has(index) ? steps.map(onlyImages) : []));
  const beside = lines([beginRecord(all, scopeIn(options), paths), recordOf(had, paths), beginEarly(early)]);
  const { sections } = await options.lock.run([...scripts, ...look.sections], { beside });
  const ended = batches.findIndex((_, index) => sections[index]?.status !== 0);
  const count = ended < 0 ? batches.length : ended;
  const done = batches.slice(0, count).flatMap(({ steps }, index): readonly Done[] => {
    const durationMs = steps.length === 1 ? sections[index]?.durationMs : undefined;
    return steps.map((step) => ({ step, durationMs }));
  });
  return { done, failed: batches[count], sections: sections.slice(count) };
}

function onlyImages(step: Step): Step {
  return { ...step, makes: step.makes.filter(({ what }) => what === "image") };
}

/** What may be had before its turn, by the index of its batch. */
function earlyOf(batches: readonly Batch[]): ReadonlyMap<number, Script> {
  // What comes first waits for nothing.
  return new Map(
    batches.flatMap(({ steps: [step] }, index) => {
      const script = index > 0 && step && !step.resource.options.becomeUser && step.resource.kind.early(step);
      return script ? [[index, script] as const] : [];
    }),
  );
}

function awaiting(batch: Batch, index: number): Batch {
  return { ...batch, script: lines([awaitEarly(index), batch.script]) };
}

function change({ steps, script }: Batch, options: ApplyOptions): Script {
  const [{ resource } = {}] = steps;
  if (resource?.kind.isCondition) return script;
  const notify = new Set(steps.flatMap(({ resource: { options } }) => options.notify ?? []));
  const changes = steps.map(({ resource, changes }) => ({
    resource: keyOf(resource),
    fields: changes.map(({ field }) => field),
  }));
  const made = changeSection(script, [...notify], { operation: options.operation, changes }, options.paths);
  const before = options.keeping && resource ? [options.keeping.before(resource)] : [];
  return lines([...before, recordOf(steps, options.paths), made]);
}

/** What one section changes: one step, or many in a row that cost less at once. */
export interface Batch {
  readonly steps: readonly Step[];
  readonly script: Script;
}

/** Returns steps as batches: those that follow each other, are of one kind and one user and go in bulk are one. */
export function inBulk(steps: readonly Step[]): readonly Batch[] {
  return inARow(steps, goesWith).map(batchOf);
}

/** Each step for itself: which one failed is known by that. */
function oneByOne(steps: readonly Step[]): readonly Batch[] {
  return steps.map((step) => batchOf([step]));
}

function goesWith(one: Step, other: Step): boolean {
  const { kind, options } = one.resource;
  const isAlike = other.resource.kind === kind && other.resource.options.becomeUser === options.becomeUser;
  return isAlike && kind.goesInBulk(one) && kind.goesInBulk(other);
}

function batchOf(steps: readonly Step[]): Batch {
  const [first, ...others] = steps;
  if (!first) throw new TypeError("a batch of nothing");
  if (others.length === 0) return { steps, script: first.script };
  const { kind, options } = first.resource;
  return { steps, script: asUser(options.becomeUser, kind.bulk(steps)) };
}
