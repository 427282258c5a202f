import type { Resource } from "../resource/resource.ts";
import type { Script } from "../shell/sh.ts";
import type { Keeping } from "./apply.ts";
import type { Lock, LockOptions } from "./lock.ts";
import type { Heard } from "./said.ts";
import type { Selection } from "./selection.ts";
import type { Session } from "./session.ts";

/** How to converge. */
export interface ConvergeOptions extends LockOptions {
  readonly check: boolean;
  readonly selection: Selection;
  /** Of a host's turn: by what each change can go back. */
  readonly keeping?: Keeping | undefined;
  /** What these sections said before it was their turn; undefined where nobody asked, or something was changed since. */
  readonly known?: ((sections: readonly Script[]) => Heard | undefined) | undefined;
  /** Hears what a look saw: the resources, and names of those of which this scope made something. */
  seen?(resources: readonly Resource[], made: readonly string[]): void;
  /** Runs a task on a connection of its own, which is opened now; returns the error where that does not come about. */
  connectAnew?<T>(task: (session: Session) => Promise<T>): Promise<T | Error>;
}

/** How to converge with the lock that was taken for it, or will be. */
export interface LockedOptions extends ConvergeOptions {
  readonly lock: Lock;
}

/** What was done so far; kept up to date while it happens, so that a failure still tells it. */
export interface Progress {
  /** How many resources were probed. */
  probed: number;
  /** Those of them that differed in some pass. */
  readonly differing: Set<string>;
  /** And those of them that somebody edited on the host since the last run. */
  readonly edited?: Set<string>;
  readonly changed: Set<string>;
  readonly handlers: Set<string>;
  /** Lines for the recap. */
  readonly notes: Set<string>;
}
