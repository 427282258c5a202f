import { setTimeout as delay } from "node:timers/promises";
import type { Section } from "../shell/frame.ts";
import type { Failure, Phase } from "./event.ts";

/** Closing is a courtesy to hosts; who pressed Ctrl-C does not wait longer for it. */
const CLOSE_MS = 2000;

/** Whoever started the run wants it to end: by a signal, or by a deadline; the message says which. */
export class InterruptedError extends Error {
  /** What was left, where the host came to a good end: the change that was under way is finished. */
  readonly left: readonly string[] | undefined;

  constructor({ reason }: AbortSignal, left?: readonly string[]) {
    super(reason instanceof DeadlineError ? reason.message : "interrupted");
    this.left = left;
  }
}

/** Why a signal was given where time ran out. */
export class DeadlineError extends Error {}

/**
 * The task's outcome, or `InterruptedError` as soon as the signal comes; the task is left to itself then. Where it is changing a host
 * it comes to an end of its own, after the change that is under way, unless a deadline leaves no time for that.
 */
export async function interruptible<T>(
  signal: AbortSignal | undefined,
  task: () => Promise<T>,
  isChanging: () => boolean = () => false,
): Promise<T> {
  if (!signal) return task();
  if (signal.aborted) throw new InterruptedError(signal);
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => {
      if (!isChanging() || signal.reason instanceof DeadlineError) reject(new InterruptedError(signal));
    };
    signal.addEventListener("abort", stop, { once: true });
    task()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", stop));
  });
}

/** Sections that were to run, and what they were to do. */
export interface Cut {
  readonly sections: readonly Section[];
  readonly wanted: number;
  readonly left: readonly string[];
}

/** Throws `InterruptedError` where the run was asked to end, and so the last sections were not reached. */
export function refuseIfCut(signal: AbortSignal | undefined, { sections, wanted, left }: Cut): void {
  const isCut = sections.length < wanted && sections.every(({ status }) => status === 0);
  if (signal?.aborted && isCut) throw new InterruptedError(signal, left);
}

/** Waits for the closing of connections, but not for long where the run was interrupted. */
export async function closing(signal: AbortSignal | undefined, close: () => Promise<void>): Promise<void> {
  await (signal?.aborted ? Promise.race([close(), delay(CLOSE_MS)]) : close());
}

/** Phases in which a host is changed. */
export const CHANGING: readonly Phase[] = ["apply", "handlers", "rollback"];

/** What a report says of a host that was left in this phase. */
export function interruptedFailure({ message: why, left }: InterruptedError, phase: Phase | undefined): Failure {
  if (left) {
    return {
      kind: "interrupted",
      message: left.length > 0 ? `${why}; not reached: ${named(left)}` : `${why} when all changes were made`,
      hint: "what was under way is finished, and the host's lock is free; run again for the rest",
    };
  }
  const changing = phase !== undefined && CHANGING.includes(phase);
  return {
    kind: "interrupted",
    message: phase ? `${why} during ${DURING[phase]}` : `${why} before it began`,
    hint: changing
      ? "the script that was sent may still finish on the host; run again: what is done is not done twice"
      : "nothing was being changed here at that moment; run again",
  };
}

const MAX_NAMES = 10;

function named(all: readonly string[]): string {
  const more = all.length > MAX_NAMES ? ` and ${all.length - MAX_NAMES} more` : "";
  return all.slice(0, MAX_NAMES).join(", ") + more;
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
