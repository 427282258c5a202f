import type { Resource, Step } from "../resource/resource.ts";
import type { Section } from "../shell/frame.ts";
import { lines, type Script } from "../shell/sh.ts";
import { type Applied, appliedWords, causeOf } from "./applied.ts";
import { apply } from "./apply.ts";
import { keepForConfirmed } from "./confirm.ts";
import { ApplyError, applyError, MAX_PASSES, NotConvergedError } from "./converge-error.ts";
import type { ConvergeOptions, LockedOptions, Progress } from "./converge-options.ts";
import { runHandlers } from "./handlers.ts";
import { refuseIfCut } from "./interrupt.ts";
import { withLock } from "./lock.ts";
import { ProbeFailedError } from "./plan.ts";
import { keyOf, planned, refOf } from "./planned.ts";
import { type Look, lookAt } from "./probe.ts";
import { scopeIn, withoutOwn } from "./record.ts";
import type { Heard } from "./said.ts";
import { type Due, due, select } from "./selection.ts";
import { type Before, keepServices, servicesIn, withoutChanges } from "./services.ts";
import type { Session } from "./session.ts";
import { parseStanding, standingProbe } from "./standing.ts";
import type { Work } from "./work.ts";

/**
 * Makes one host match its resources and proves it by probing again, in the same exec. In check mode it leaves after the first plan. Where
 * something is to be changed it takes the host's lock, and what it changes was planned under it. Returns
 * whether something is left that waits for the host's turn. Changes `progress` as it goes; throws `ApplyError`, `NotConvergedError`, `LockedError` and what probes throw.
 */
export function converge(session: Session, work: Work, options: ConvergeOptions, progress: Progress): Promise<boolean> {
  return withLock(session, options, (lock) => convergeUnder(session, work, { ...options, lock }, progress));
}

/** As `converge`, with a lock that others use too. */
export async function convergeUnder(
  session: Session,
  work: Work,
  options: LockedOptions,
  progress: Progress,
): Promise<boolean> {
  const look = lookAt(work.resources, [standingProbe(options.paths, scopeIn(options))]);
  let heard = options.known?.(look.sections);
  let before: Before = { services: [], held: [] };
  for (let pass = 1; ; pass++) {
    const seen = await plan(session, work, look, { pass, heard }, options);
    const { steps, later, pending, waits, inSync, turn, applied } = seen;
    if (pass === 1)
      before = {
        services: options.keeping ? [] : servicesIn(steps, work),
        held: inSync.filter(({ kind }) => kind.isCondition),
      };
    if (pass === 1) progress.probed += work.resources.length;
    add(progress.differing, [...steps, ...later]);
    if (pass === 1) for (const one of editedIn(steps, applied)) progress.edited?.add(one);
    if (options.check) {
      refuse(steps);
      add(progress.changed, steps);
      for (const handler of pending) progress.handlers.add(handler);
      return false;
    }
    if (steps.length === 0 && pending.length === 0) {
      options.lock.note(() => appliedWords(inSync));
      if (!waits) await options.lock.tidy(turn);
      return waits;
    }
    if (pass > MAX_PASSES + 1 || (pass > MAX_PASSES && steps.length > 0))
      throw new NotConvergedError(steps.map((step) => planned(step)));
    // Handlers wait until everything holds: a restart between two changes would have to be made twice.
    const changing =
      steps.length > 0
        ? applySteps(steps, look, { pass, ...options }, progress, kept(steps, work, before, options))
        : runHandlers(work, pending, look, options, progress);
    const sections = await changing.catch(async (error: unknown) => {
      throw await withoutChanges(error, work, before, options, progress);
    });
    heard = sections && { sections, durationMs: 0 };
  }
}

/** What somebody edited on the host. */
function editedIn(steps: readonly Step[], applied: Applied): readonly string[] {
  const edited = steps.filter(({ resource }) => causeOf(resource, applied) === "edited");
  return edited.map(({ resource }) => keyOf(resource));
}

/** Script that keeps what is about to change, where it may have to go back. */
function kept(steps: readonly Step[], work: Work, { services }: Before, options: LockedOptions): Script {
  return lines([keepServices(services, options), keepForConfirmed(steps, work, options)]);
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
  options: LockedOptions,
): Promise<Due & Pick<Seen, "turn" | "applied"> & { readonly inSync: readonly Resource[] }> {
  const { host, emit, check, lock } = options;
  const started = performance.now();
  const lookNow = async (said?: Heard): Promise<Seen> => {
    emit({ kind: "phase", host, phase: "probe", pass, count: work.resources.length });
    const { sections } = said ?? (await session.look(look.sections));
    return readLook(session, work, look, sections, options);
  };
  // Another run may change what is looked at without the lock: it holds still for the next look.
  let seen = await lookNow(heard).catch((error: unknown) => {
    if (pass > 1 || !(error instanceof ProbeFailedError)) throw error;
    return lookNow();
  });
  const isIdle = seen.all.steps.length === 0 && seen.all.pending.length === 0;
  if (!check && !isIdle && !(await lock.take(seen.turn))) seen = await lookNow();
  const { all, left, differing, applied } = seen;
  // What a later pass finds is what this run did itself.
  const told = (step: Step) => planned(step, pass === 1 ? causeOf(step.resource, applied) : undefined);
  const inSync = work.resources.filter((one) => !differing.some(({ resource }) => resource === one));
  const durationMs = performance.now() - started + (heard?.durationMs ?? 0);
  emit({
    kind: "planned",
    host,
    pass,
    resources: work.resources.length,
    ...(options.keeping && { turn: true }),
    steps: all.steps.map(told),
    later: all.later.map(told),
    inSync: inSync.map(refOf),
    left: left.map(told),
    pending: all.pending,
    durationMs,
  });
  return { ...all, turn: seen.turn, applied, inSync };
}

/** What a look saw. */
interface Seen {
  readonly turn: string;
  readonly applied: Applied;
  readonly differing: readonly Step[];
  readonly all: Due;
  /** What differs and is left alone, before a step. */
  readonly left: readonly Step[];
}

async function readLook(
  session: Session,
  work: Work,
  look: Look,
  sections: readonly Section[],
  { selection, check, seen }: ConvergeOptions,
): Promise<Seen> {
  const { before, steps } = await look.read(session, sections);
  const { turn, pending, applied, made } = parseStanding(before[0]?.stdout ?? "");
  seen?.(work.resources, made);
  const differing = withoutOwn(steps, applied);
  const { chosen, left } = select(differing, selection);
  return { turn, applied, differing, left, all: due(work, chosen, pending, check) };
}

/** Returns what the look says then. */
async function applySteps(
  steps: readonly Step[],
  look: Look,
  options: LockedOptions & Pick<Pass, "pass">,
  progress: Progress,
  first: Script,
): Promise<readonly Section[]> {
  const started = performance.now();
  const { pass } = options;
  options.emit({ kind: "phase", host: options.host, phase: "apply", pass, count: steps.length });
  const { done, sections } = await apply(steps, look, options, first);
  add(
    progress.changed,
    done.map(({ step }) => step),
  );
  const made = done.map(({ step, durationMs }) => ({
    ...planned(step),
    ...(durationMs !== undefined && { durationMs }),
  }));
  options.emit({
    kind: "applied",
    host: options.host,
    pass,
    steps: made,
    durationMs: performance.now() - started,
  });
  const left = steps.slice(done.length);
  const [failed] = left;
  const names = left.map(({ resource }) => keyOf(resource));
  refuseIfCut(options.signal, { sections, wanted: failed ? 1 : look.sections.length, left: names });
  if (failed)
    throw applyError(`${failed.resource.kind.name} ${failed.resource.id}`, sections[0], { step: planned(failed) });
  return sections;
}

function add(ids: Set<string>, steps: readonly Step[]): void {
  for (const { resource } of steps) if (!resource.kind.isCondition) ids.add(keyOf(resource));
}
