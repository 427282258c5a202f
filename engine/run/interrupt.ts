import { setTimeout as delay } from "node:timers/promises";
import type { Failure, Phase } from "./event.ts";

/** Closing is a courtesy to hosts; who pressed Ctrl-C does not wait longer for it. */
const CLOSE_MS = 2000;

/** Whoever started the run wants it to end: by a signal, or by a deadline; the message says which. */
export class InterruptedError extends Error {
  constructor({ reason }: AbortSignal) {
    super(reason instanceof DeadlineError ? reason.message : "interrupted");
  }
}

/** Why a signal was given where time ran out. */
export class DeadlineError extends Error {}

/** The task's outcome, or `InterruptedError` as soon as the signal comes; the task is left to itself then. */
export async function interruptible<T>(signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
  if (!signal) return task();
  if (signal.aborted) throw new InterruptedError(signal);
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(new InterruptedError(signal));
    signal.addEventListener("abort", stop, { once: true });
    task()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", stop));
  });
}

/** Waits for the closing of connections, but not for long where the run was interrupted. */
export async function closing(signal: AbortSignal | undefined, close: () => Promise<void>): Promise<void> {
  await (signal?.aborted ? Promise.race([close(), delay(CLOSE_MS)]) : close());
}

/** What a report says of a host that was left in this phase. */
export function interruptedFailure({ message: why }: InterruptedError, phase: Phase | undefined): Failure {
  const changing = phase === "apply" || phase === "handlers" || phase === "rollback";
  return {
    kind: "interrupted",
    message: phase ? `${why} during ${DURING[phase]}` : `${why} before it began`,
    hint: changing
      ? "the script that was sent may still finish on the host; run again: what is done is not done twice"
      : "nothing was being changed here at that moment; run again",
  };
}

const DURING: Readonly<Record<Phase, string>> = {
  connect: "the login",
  facts: "the gathering of facts",
  probe: "probes",
  apply: "changes",
  handlers: "handlers",
  rollback: "the way back",
  prove: "the proof",
};
