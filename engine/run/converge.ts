import type { Resource, Step } from "../resource/resource.ts";
import { type Handler, isRolling, scriptOf } from "../role/handler.ts";
import type { Section } from "../shell/frame.ts";
import type { Script } from "../shell/sh.ts";
import { type ApplyOptions, apply } from "./apply.ts";
import { ApplyError, type Failed, MAX_PASSES, NotConvergedError } from "./converge-error.ts";
import { handlerSection, parsePending, pendingProbe } from "./host-state.ts";
import { keyOf, planned, refOf } from "./planned.ts";
import { type Look, lookAt } from "./probe.ts";
import type { Heard } from "./said.ts";
import { type Due, due, type Selection, select } from "./selection.ts";
import type { Session } from "./session.ts";
import { underLock } from "./under-lock.ts";
import type { Work } from "./work.ts";

/** How to converge. */
export interface ConvergeOptions extends ApplyOptions {
  readonly check: boolean;
  readonly selection: Selection;
  /** What these sections said before it was their turn; undefined where nobody asked, or something was changed since. */
  readonly known?: ((sections: readonly Script[]) => Heard | undefined) | undefined;
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
 * Makes one host match its resources and proves it by probing again, in the same exec. In check mode it leaves after the first plan. Returns
 * whether something is left that waits for the host's turn. Changes `progress` as it goes; throws `ApplyError`, `NotConvergedError`, `LockedError` and what probes throw.
 */
export async function converge(
  session: Session,
  work: Work,
  options: ConvergeOptions,
  progress: Progress,
): Promise<boolean> {
  const look = lookAt(work.resources, [pendingProbe(options.paths)]);
  let heard = options.known?.(look.sections);
  for (let pass = 1; ; pass++) {
    const { steps, later, pending, waits } = await plan(session, work, look, { pass, heard }, options);
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
    const sections =
      steps.length > 0
        ? await applySteps(session, steps, look, { pass, ...options }, progress)
        : await runHandlers(session, handlersOf(work, pending), look, options, progress);
    heard = { sections, durationMs: 0 };
  }
}

/** Looks once whether conditions hold, changing nothing. Throws `ApplyError` with what does not. */
export async function checkGate(session: Session, resources: readonly Resource[]): Promise<void> {
  const look = lookAt(resources);
  const {
    steps: [step],
  } = await look.read(session, (await session.look(look.sections)).sections);
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

interface Pass {
  readonly pass: number;
  /** What the look said already. */
  readonly heard: Heard | undefined;
}

async function plan(
  session: Session,
  work: Work,
  look: Look,
  { pass, heard }: Pass,
  options: ConvergeOptions,
): Promise<Due> {
  const { host, emit, selection, check } = options;
  const started = performance.now();
  emit({ kind: "phase", host, phase: "probe", pass, count: work.resources.length });
  const { sections } = heard ?? (await session.look(look.sections));
  const { before, steps: differing } = await look.read(session, sections);
  const { chosen, left } = select(differing, selection);
  const notified = parsePending(before[0]?.stdout ?? "");
  const all = due(work, chosen, notified, check);
  const inSync = work.resources.filter((one) => !differing.some(({ resource }) => resource === one));
  const durationMs = performance.now() - started + (heard?.durationMs ?? 0);
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

/** Returns what the look says then. */
async function applySteps(
  session: Session,
  steps: readonly Step[],
  look: Look,
  options: ConvergeOptions & Pick<Pass, "pass">,
  progress: Progress,
): Promise<readonly Section[]> {
  const started = performance.now();
  const { pass } = options;
  options.emit({ kind: "phase", host: options.host, phase: "apply", pass, count: steps.length });
  const { done, sections } = await apply(session, steps, look, options);
  add(progress.changed, done);
  const durationMs = performance.now() - started;
  options.emit({ kind: "applied", host: options.host, pass, steps: done.map(planned), durationMs });
  const failed = steps[done.length];
  if (failed)
    throw applyError(`${failed.resource.kind.name} ${failed.resource.id}`, sections[0], { step: planned(failed) });
  return sections;
}

type Named = readonly (readonly [name: string, handler: Handler])[];

function handlersOf({ handlers }: Work, pending: readonly string[]): Named {
  return [...handlers].filter(([name]) => pending.includes(name));
}

/** Returns what the look says then. */
async function runHandlers(
  session: Session,
  handlers: Named,
  look: Look,
  options: ConvergeOptions,
  progress: Progress,
): Promise<readonly Section[]> {
  const started = performance.now();
  const names = handlers.map(([name]) => name);
  options.emit({ kind: "phase", host: options.host, phase: "handlers", count: names.length, names });
  const scripts = handlers.map(([name, handler]) =>
    handlerSection(name, scriptOf(handler), { ...options.operation, handler: name }, options.paths),
  );
  const all = [...scripts, ...(options.keeping ? [options.keeping.after] : [])];
  const { sections } = await underLock(session, [...all, ...look.sections], options);
  const done = handlers.filter((_, index) => sections[index]?.status === 0).map(([name]) => name);
  for (const name of done) progress.handlers.add(name);
  handlers.forEach(([, handler], index) => {
    for (const line of isRolling(handler) ? linesOf(sections[index]) : []) progress.notes.add(line);
  });
  options.emit({ kind: "handled", host: options.host, handlers: done, durationMs: performance.now() - started });
  const failed = handlers[done.length];
  if (failed) throw applyError(`handler ${failed[0]}`, sections[done.length], { handler: failed[0] });
  return sections.slice(all.length);
}

function linesOf(section: Section | undefined): readonly string[] {
  return (section?.stdout ?? "").split("\n").filter((line) => line.trim() !== "");
}

function applyError(what: string, section: Section | undefined, failed: Failed): ApplyError {
  const status = section ? `exit ${section.status}` : "it was not reached";
  return new ApplyError(`${what} failed: ${status}`, section?.stderr ?? "", failed);
}

function add(ids: Set<string>, steps: readonly Step[]): void {
  for (const { resource } of steps) if (!resource.kind.isCondition) ids.add(keyOf(resource));
}
