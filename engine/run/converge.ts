import type { Resource, Step } from "../resource/resource.ts";
import { isRolling, scriptOf } from "../role/handler.ts";
import type { Section } from "../shell/frame.ts";
import { lines, type Script } from "../shell/sh.ts";
import { ApplyError, type Failed, LockedError, MAX_PASSES, NotConvergedError } from "./converge-error.ts";
import type { HostEvent, PlannedStep, ResourceRef } from "./event.ts";
import {
  changeSection,
  handlerSection,
  type Operation,
  parsePending,
  pendingProbe,
  type StatePaths,
  takeLock,
} from "./host-state.ts";
import { probeAll } from "./probe.ts";
import { type Due, due, type Selection, select } from "./selection.ts";
import type { Answer, Session } from "./session.ts";
import type { Work } from "./work.ts";

/** How to converge. */
export interface ConvergeOptions {
  readonly host: string;
  readonly check: boolean;
  readonly selection: Selection;
  readonly operation: Operation;
  readonly lockWaitSeconds: number;
  readonly paths: StatePaths;
  /** Unless given, no change can go back. */
  readonly keeping?: Keeping | undefined;
  emit(event: HostEvent): void;
}

/** By what a change can go back. */
export interface Keeping {
  /** Comes before the resource is changed. */
  before(resource: Resource): Script;
  /** Comes after the handlers succeeded. */
  readonly after: Script;
}

/** What was done so far; kept up to date while it happens, so that a failure still tells it. */
export interface Progress {
  /** How many resources were probed. */
  probed: number;
  /** Those of them that differed in some pass. */
  readonly differing: Set<string>;
  readonly changed: Set<string>;
  readonly handlers: Set<string>;
  /** Lines for the recap. */
  readonly notes: Set<string>;
}

/**
 * Makes one host match its resources and proves it by probing again. In check mode it leaves after the first plan. Returns
 * whether something is left that waits for the host's turn. Changes `progress` as it goes; throws `ApplyError`, `NotConvergedError`, `LockedError` and what probes throw.
 */
export async function converge(
  session: Session,
  work: Work,
  options: ConvergeOptions,
  progress: Progress,
): Promise<boolean> {
  for (let pass = 1; ; pass++) {
    const { steps, later, pending, waits } = await plan(session, work, pass, options);
    if (pass === 1) progress.probed += work.resources.length;
    add(progress.differing, [...steps, ...later]);
    if (options.check) {
      refuse(steps);
      add(progress.changed, steps);
      for (const handler of pending) progress.handlers.add(handler);
      return false;
    }
    if (steps.length === 0 && pending.length === 0) return waits;
    if (pass > MAX_PASSES + 1 || (pass > MAX_PASSES && steps.length > 0))
      throw new NotConvergedError(steps.map(planned));
    // Handlers wait until everything holds: a restart between two changes would have to be made twice.
    if (steps.length > 0) await applySteps(session, steps, pass, options, progress);
    else await runHandlers(session, work, pending, options, progress);
  }
}

/** Looks once whether conditions hold, changing nothing. Throws `ApplyError` with what does not. */
export async function checkGate(session: Session, resources: readonly Resource[]): Promise<void> {
  const {
    steps: [step],
  } = await probeAll(session, resources);
  if (step)
    throw new ApplyError(`not ready to be changed: ${step.resource.kind.name} ${step.resource.id}`, "", {
      step: planned(step),
    });
}

/**
 * Throws `ApplyError` where a run would certainly refuse a step. Not where a step before it may clear the way: a command, or
 * one that is about the same path or a folder above.
 */
function refuse(steps: readonly Step[]): void {
  const certain = steps.find(({ refusal, resource: { id } }, index) => {
    const clears = ({ resource: other }: Step) =>
      other.kind.name === "command" || other.id === id || id.startsWith(`${other.id}/`);
    return refusal !== undefined && !steps.slice(0, index).some(clears);
  });
  if (!certain) return;
  const { kind, id } = certain.resource;
  throw new ApplyError(`${kind.name} ${id}: a run would stop here: ${certain.refusal}`, "", { step: planned(certain) });
}

/** A step as reports may show it. */
export function planned({ resource, changes }: Pick<Step, "resource" | "changes">): PlannedStep {
  const step = { ...refOf(resource), changes };
  return resource.kind.isCondition ? { ...step, condition: true } : step;
}

/** A resource as reports may show it. */
export function refOf({ kind, id, place }: Resource): ResourceRef {
  return { type: kind.name, id, place };
}

async function plan(session: Session, work: Work, pass: number, options: ConvergeOptions): Promise<Due> {
  const { host, emit, paths, selection, check } = options;
  const started = performance.now();
  emit({ kind: "phase", host, phase: "probe", pass, count: work.resources.length });
  const { before, steps: differing } = await probeAll(session, work.resources, [pendingProbe(paths)]);
  const { chosen, left } = select(differing, selection);
  const notified = parsePending(before[0]?.stdout ?? "");
  const all = due(work, chosen, notified, check);
  const inSync = work.resources.filter((one) => !differing.some(({ resource }) => resource === one));
  const durationMs = performance.now() - started;
  emit({
    kind: "planned",
    host,
    pass,
    resources: work.resources.length,
    ...(options.keeping && { turn: true }),
    steps: all.steps.map(planned),
    later: all.later.map(planned),
    inSync: inSync.map(refOf),
    left: left.map(planned),
    pending: all.pending,
    durationMs,
  });
  return all;
}

async function applySteps(
  session: Session,
  steps: readonly Step[],
  pass: number,
  options: ConvergeOptions,
  progress: Progress,
): Promise<void> {
  const started = performance.now();
  options.emit({ kind: "phase", host: options.host, phase: "apply", pass, count: steps.length });
  const scripts = steps.map((step) => (step.resource.kind.isCondition ? step.script : change(step, options)));
  const { sections } = await underLock(session, scripts, options);
  const done = steps.filter((_, index) => sections[index]?.status === 0);
  add(progress.changed, done);
  const durationMs = performance.now() - started;
  options.emit({ kind: "applied", host: options.host, pass, steps: done.map(planned), durationMs });
  const failed = steps[done.length];
  if (failed)
    throw applyError(`${failed.resource.kind.name} ${failed.resource.id}`, sections[done.length], {
      step: planned(failed),
    });
}

function change({ resource, changes, script }: Step, options: ConvergeOptions): Script {
  const fields = changes.map(({ field }) => field);
  const entry = { ...options.operation, resource: keyOf(resource), fields };
  const made = changeSection(script, resource.options.notify ?? [], entry, options.paths);
  return options.keeping ? lines([options.keeping.before(resource), made]) : made;
}

async function runHandlers(
  session: Session,
  work: Work,
  pending: readonly string[],
  options: ConvergeOptions,
  progress: Progress,
): Promise<void> {
  const started = performance.now();
  const handlers = [...work.handlers].filter(([name]) => pending.includes(name));
  const names = handlers.map(([name]) => name);
  options.emit({ kind: "phase", host: options.host, phase: "handlers", count: names.length, names });
  const scripts = handlers.map(([name, handler]) =>
    handlerSection(name, scriptOf(handler), { ...options.operation, handler: name }, options.paths),
  );
  const { sections } = await underLock(
    session,
    [...scripts, ...(options.keeping ? [options.keeping.after] : [])],
    options,
  );
  const done = handlers.filter((_, index) => sections[index]?.status === 0).map(([name]) => name);
  for (const name of done) progress.handlers.add(name);
  handlers.forEach(([, handler], index) => {
    for (const line of isRolling(handler) ? linesOf(sections[index]) : []) progress.notes.add(line);
  });
  options.emit({ kind: "handled", host: options.host, handlers: done, durationMs: performance.now() - started });
  const failed = handlers[done.length];
  if (failed) throw applyError(`handler ${failed[0]}`, sections[done.length], { handler: failed[0] });
}

function linesOf(section: Section | undefined): readonly string[] {
  return (section?.stdout ?? "").split("\n").filter((line) => line.trim() !== "");
}

/** Runs sections under the host's lock, until one fails. Throws `LockedError`. */
export async function underLock(
  session: Session,
  scripts: readonly Script[],
  options: ConvergeOptions,
): Promise<Answer> {
  const { operation, lockWaitSeconds: waitSeconds, paths, host, emit } = options;
  const answer = await session.apply(scripts, (nonce) => takeLock(nonce, { operation, waitSeconds, paths }));
  const locked = answer.remarks.get("locked");
  if (locked !== undefined) throw new LockedError(locked.trim() || "unknown");
  const holder = answer.remarks.get("taken-over");
  if (holder !== undefined) emit({ kind: "taken-over", host, holder: holder.trim() });
  return answer;
}

function applyError(what: string, section: Section | undefined, failed: Failed): ApplyError {
  const status = section ? `exit ${section.status}` : "it was not reached";
  return new ApplyError(`${what} failed: ${status}`, section?.stderr ?? "", failed);
}

/** As results and the journal on the host call a resource. */
export function keyOf({ kind, id }: Resource): string {
  return `${kind.name} ${id}`;
}

function add(ids: Set<string>, steps: readonly Step[]): void {
  for (const { resource } of steps) if (!resource.kind.isCondition) ids.add(keyOf(resource));
}
