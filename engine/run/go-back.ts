import type { Change, Resource } from "../resource/resource.ts";
import type { Script } from "../shell/sh.ts";
import type { LockedOptions, Progress } from "./converge-options.ts";
import type { Rollback } from "./event.ts";
import { keyOf, refOf } from "./planned.ts";
import { forget, type Previous, restoreSection } from "./previous.ts";

/** What failed, and how what was changed for it went back. */
export class RolledBackError extends Error {
  override readonly cause: Error;
  readonly rollback: Rollback;

  constructor(cause: Error, rollback: Rollback) {
    super(cause.message, { cause });
    this.cause = cause;
    this.rollback = rollback;
  }
}

/** What goes back, and how it is proven. */
export interface WayBack {
  /** In the order of their changes. */
  readonly resources: readonly Resource[];
  /** What was changed of each service among them. */
  readonly changes: ReadonlyMap<Resource, readonly Change[]>;
  /** What runs once the services serve again: handlers, conditions of health. */
  readonly proofs: readonly Script[];
  readonly previous: Previous;
}

/**
 * Puts back what was changed, starts its services again and asks whether all is well. Undefined where nothing was changed. It goes to
 * its end although the run is to end: half of the way back would be worse than either.
 */
export async function goBack(
  { resources, changes, proofs, previous }: WayBack,
  options: LockedOptions,
  { changed }: Progress,
): Promise<Rollback | undefined> {
  options.emit({ kind: "phase", host: options.host, phase: "rollback", count: resources.length });
  const all = [...resources].reverse();
  const entry = (resource: Resource) => ({ ...options.operation, resource: keyOf(resource) });
  const back = all.map((one) => restoreSection(previous, one.kind.keeps(one), entry(one)));
  const services = [...changes.keys()];
  const again = services.flatMap((one) => one.kind.servesAgain(one, changes.get(one) ?? []) ?? []);
  const { sections } = await options.lock.run([...back, ...again, ...proofs, forget(previous)], { toTheEnd: true });
  const failed = sections.find(({ status }) => status !== 0);
  const isBack = (one: Resource, index: number) =>
    sections[index]?.stdout.trim() === "back" || (!failed && services.includes(one));
  const restored = all.filter(isBack);
  const left = all.filter((one) => changed.has(keyOf(one)) && !restored.includes(one));
  for (const one of restored) changed.delete(keyOf(one));
  if (restored.length === 0 && left.length === 0) return undefined;
  const works = !failed && restored.length > 0;
  return { resources: restored.map(refOf), left: left.map(refOf), works, ...(failed && { stderr: failed.stderr }) };
}
