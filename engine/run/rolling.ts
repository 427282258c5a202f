import { ConnectionError } from "../connection/connection.ts";
import type { Resource } from "../resource/resource.ts";
import { scriptOf } from "../role/handler.ts";
import { convergeUnder } from "./converge.ts";
import { LockedError } from "./converge-error.ts";
import type { ConvergeOptions, LockedOptions, Progress } from "./converge-options.ts";
import { goBack, RolledBackError, type WayBack } from "./go-back.ts";
import { InterruptedError } from "./interrupt.ts";
import { withLock } from "./lock.ts";
import { againSection, forget, keepFiles, type Previous, previousOf } from "./previous.ts";
import type { Session } from "./session.ts";
import { namingTrouble } from "./trouble.ts";
import type { Turn } from "./work.ts";

/** A host's turn: changes what waited for it and runs its handlers. Where that fails all of it goes back; throws `RolledBackError`. */
export function takeTurn(session: Session, turn: Turn, options: ConvergeOptions, progress: Progress): Promise<void> {
  return withLock(session, options, (lock) => turnUnder(session, turn, { ...options, lock }, progress));
}

async function turnUnder(session: Session, turn: Turn, options: LockedOptions, progress: Progress): Promise<void> {
  const previous = previousOf([...turn.handlers.keys()], options.paths);
  const keeping = {
    before: (resource: Resource) => keepFiles(previous, resource.kind.keeps(resource)),
    after: forget(previous),
  };
  try {
    // Its resources are counted already.
    const counted = { ...progress, probed: 0 };
    await namingTrouble(options.host, session, () => convergeUnder(session, turn, { ...options, keeping }, counted));
  } catch (error) {
    // Of these nothing is known of the host, or the next run goes on from there.
    const goesOn = [ConnectionError, LockedError, InterruptedError].some((kind) => error instanceof kind);
    if (!(error instanceof Error) || goesOn) throw error;
    const rollback = await goBack(wayBack(turn, previous, options), options, progress);
    throw rollback ? new RolledBackError(error, rollback) : error;
  }
}

/** What puts back the changes of a turn, and runs its handlers again. */
function wayBack({ resources, handlers }: Turn, previous: Previous, { operation }: LockedOptions): WayBack {
  const services = resources.filter((one) => one.kind.servesAgain(one, []) !== undefined);
  const proofs = [...handlers].map(([name, handler]) =>
    againSection(previous, name, scriptOf(handler), { ...operation, handler: name, rollback: true }),
  );
  return { resources, changes: new Map(services.map((one) => [one, []])), proofs, previous };
}
