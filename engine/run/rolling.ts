import { ConnectionError } from "../connection/connection.ts";
import type { Resource } from "../resource/resource.ts";
import { scriptOf } from "../role/handler.ts";
import { type ConvergeOptions, converge, type Progress } from "./converge.ts";
import { LockedError } from "./converge-error.ts";
import { namingDisk } from "./disk.ts";
import type { Rollback } from "./event.ts";
import { keyOf, refOf } from "./planned.ts";
import { againSection, forget, keepFiles, type Previous, previousOf, restoreSection } from "./previous.ts";
import type { Session } from "./session.ts";
import { underLock } from "./under-lock.ts";
import type { Turn } from "./work.ts";

/** What failed in a host's turn, and how it went back. */
export class RolledBackError extends Error {
  override readonly cause: Error;
  readonly rollback: Rollback;

  constructor(cause: Error, rollback: Rollback) {
    super(cause.message, { cause });
    this.cause = cause;
    this.rollback = rollback;
  }
}

/** A host's turn: changes what waited for it and runs its handlers. Where that fails all of it goes back; throws `RolledBackError`. */
export async function takeTurn(
  session: Session,
  turn: Turn,
  options: ConvergeOptions,
  progress: Progress,
): Promise<void> {
  const previous = previousOf([...turn.handlers.keys()], options.paths);
  const keeping = {
    before: (resource: Resource) => keepFiles(previous, resource.kind.keeps(resource)),
    after: forget(previous),
  };
  try {
    // Its resources are counted already.
    const counted = { ...progress, probed: 0 };
    await namingDisk(options.host, session, () => converge(session, turn, { ...options, keeping }, counted));
  } catch (error) {
    // Of these nothing is known of the host, or nothing was changed: the next run goes on from there.
    if (!(error instanceof Error) || error instanceof ConnectionError || error instanceof LockedError) throw error;
    const rollback = await goBack(session, turn, previous, options, progress);
    throw rollback ? new RolledBackError(error, rollback) : error;
  }
}

/** Puts back what the turn changed, and runs its handlers again. Undefined where nothing was changed. */
async function goBack(
  session: Session,
  turn: Turn,
  previous: Previous,
  options: ConvergeOptions,
  { changed }: Progress,
): Promise<Rollback | undefined> {
  const resources = [...turn.resources].reverse();
  options.emit({ kind: "phase", host: options.host, phase: "rollback", count: resources.length });
  const entry = (resource: Resource) => ({ ...options.operation, resource: keyOf(resource) });
  const back = resources.map((one) => restoreSection(previous, one.kind.keeps(one), entry(one)));
  const again = [...turn.handlers].map(([name, handler]) =>
    againSection(previous, name, scriptOf(handler), { ...options.operation, handler: name, rollback: true }),
  );
  const { sections } = await underLock(session, [...back, ...again, forget(previous)], options);
  const restored = resources.filter((_, index) => sections[index]?.stdout.trim() === "back");
  const left = resources.filter((one) => changed.has(keyOf(one)) && !restored.includes(one));
  for (const one of restored) changed.delete(keyOf(one));
  if (restored.length === 0 && left.length === 0) return undefined;
  const failed = sections.find(({ status }) => status !== 0);
  const works = !failed && restored.length > 0;
  return { resources: restored.map(refOf), left: left.map(refOf), works, ...(failed && { stderr: failed.stderr }) };
}
