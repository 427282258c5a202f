import type { Script } from "../shell/sh.ts";

/** What a host lacks: one sentence, and what to do. */
export interface Trouble {
  readonly message: string;
  readonly hint: string;
}

/** A failure on a host. */
export interface Failed {
  readonly host: string;
  /** What was said of it, by the engine and on stderr. */
  readonly said: string;
  /** Seconds of the epoch by this machine's clock, when the host was asked. */
  readonly now: number;
}

/** A way in which what a host lacks shows itself. */
export interface Suspicion {
  /** True for the words that are said where it is lacking; they may mean something else. */
  complains(said: string): boolean;
  /** Asks the host. */
  asks(said: string): Script;
  /** Reads its answer, which is empty where it could not even be asked; `undefined` where nothing is lacking. */
  finds(failed: Failed, stdout: string): Trouble | undefined;
}
