import { ProbeError } from "../resource/resource.ts";
import { clockSuspicion } from "./clock.ts";
import { ApplyError } from "./converge-error.ts";
import { diskSuspicion } from "./disk.ts";
import { memorySuspicion } from "./memory.ts";
import { ProbeFailedError } from "./plan.ts";
import { type Session, SessionError } from "./session.ts";
import type { Suspicion, Trouble } from "./suspicion.ts";

const SUSPICIONS: readonly Suspicion[] = [diskSuspicion, memorySuspicion, clockSuspicion];

/** What a host lacks, found where something failed for it; `cause` is what failed. The message is one sentence. */
export class TroubleError extends Error {
  readonly hint: string;

  constructor({ message, hint }: Trouble, cause: Error) {
    super(message, { cause });
    this.hint = hint;
  }
}

/** Runs a task on a host. Where it fails as it would for want of something, asks the host once, and throws `TroubleError` with that. */
export async function namingTrouble<T>(host: string, session: Session, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    const said = saidBy(error);
    const suspected = SUSPICIONS.filter((one) => one.complains(said));
    if (!(error instanceof Error) || suspected.length === 0) throw error;
    const { sections } = await session.probe(suspected.map((one) => one.asks(said))).catch(() => ({ sections: [] }));
    const failed = { host, said, now: Date.now() / 1000 };
    const [trouble] = suspected.flatMap((one, index) => one.finds(failed, sections[index]?.stdout ?? "") ?? []);
    throw trouble ? new TroubleError(trouble, error) : error;
  }
}

function saidBy(error: unknown): string {
  if (error instanceof ApplyError || error instanceof ProbeFailedError) return `${error.stderr}\n${error.message}`;
  return error instanceof SessionError || error instanceof ProbeError ? error.message : "";
}
