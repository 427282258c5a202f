import { setTimeout as delay } from "node:timers/promises";
import { lines, type Script, sh } from "../shell/sh.ts";
import { noteApplied } from "./applied.ts";
import { LockedError } from "./converge-error.ts";
import type { HostEvent } from "./event.ts";
import { BEAT_MS, goesOn, holdLock, joinLock, type LockOwner } from "./host-lock.ts";
import type { Operation, StatePaths } from "./host-state.ts";
import { InterruptedError } from "./interrupt.ts";
import { forget, forgetUnneeded, previousServices } from "./previous.ts";
import { recordPath, type Scope, scopeIn, scopeWord } from "./record.ts";
import { type Answer, type Session, SessionError, type Staying } from "./session.ts";

/** Whose lock it is, and how long it is waited for. */
export interface LockOptions extends Partial<LockOwner> {
  readonly operation: Operation;
  /** Whose events these are; and the machine, unless that is given. */
  readonly host: string;
  readonly lockWaitSeconds: number;
  readonly paths: StatePaths;
  /** Whose the changes are; those of the operation's playbook and of no inventory unless given. */
  readonly scope?: Scope;
  /** What is changed then goes on to its end, and nothing after it. */
  readonly signal?: AbortSignal | undefined;
  emit(event: HostEvent): void;
}

/** A host's lock, from the plan to the handlers. */
export interface Lock {
  /**
   * Takes it, unless it is held already. Returns whether what a look saw is still so: nobody changed the host since `turn`, the number
   * that the look found. Throws `LockedError`.
   */
  take(turn: string): Promise<boolean>;
  /** Where nothing is to be changed and a run died here: removes what it left, unless somebody else is at work. */
  tidy(turn: string): Promise<void>;
  /** Once all holds, and it was taken, these words are noted on the host: what it was proven to be. Who finds a host in sync makes none. */
  note(words: () => readonly string[]): void;
  /** Runs sections under it, until one fails or the run is to end. Throws `LockedError` where it was taken away. */
  run(sections: readonly Script[], how?: RunUnder): Promise<Answer>;
}

/** How sections run under a lock. */
export interface RunUnder {
  /** Begins before them. */
  readonly beside?: Script;
  /** Also where the run is to end: what goes back goes back whole. */
  readonly toTheEnd?: boolean;
}

/** How long a host that was told to let go may take to say so. */
const RELEASE_MS = 5000;

/** Runs a task that may take the host's lock, and frees it behind it. */
export async function withLock<T>(
  session: Session,
  options: LockOptions,
  task: (lock: Lock) => Promise<T>,
): Promise<T> {
  let held: Held | undefined;
  // What a run left that died goes before the first script.
  let isTidy = false;
  let noted = (): readonly string[] => [];
  const lock: Lock = {
    async take(turn) {
      refuseIfEnding(options);
      if (held) return true;
      held = await hold(session, options);
      return held.turn === turn && isEven(turn);
    },
    async tidy(turn) {
      if (isTidy || isEven(held?.turn ?? turn)) return;
      held ??= await hold(session, { ...options, lockWaitSeconds: 0 }).catch(unlessLocked);
      if (held) await lock.run([], { toTheEnd: true });
    },
    note(words) {
      noted = words;
    },
    run(sections, how = {}) {
      isTidy = true;
      return runUnder(session, sections, how, options);
    },
  };
  try {
    const outcome = await task(lock);
    held?.proved(noted());
    return outcome;
  } finally {
    await held?.release();
  }
}

/** Nobody held it then, and nobody died who did. */
function isEven(turn: string): boolean {
  return Number(turn) % 2 === 0;
}

function unlessLocked(error: unknown): undefined {
  if (!(error instanceof LockedError)) throw error;
}

function refuseIfEnding({ signal }: LockOptions): void {
  if (signal?.aborted) throw new InterruptedError(signal);
}

interface Held {
  /** The number of the turn before. */
  readonly turn: string;
  /** All that was changed holds: what was kept for a way back goes, and these words are noted. */
  proved(words: readonly string[]): void;
  release(): Promise<void>;
}

function ownerOf({ operation, host, machine = host }: LockOptions): LockOwner {
  return { operation, machine };
}

async function hold(session: Session, options: LockOptions): Promise<Held> {
  const { lockWaitSeconds, paths, host, signal, emit } = options;
  const scope = scopeIn(options);
  let hear: (word: string, text: string) => void = () => {};
  const turn = new Promise<string>((resolve, reject) => {
    hear = (word, text) => {
      const holder = text.trim() || "unknown";
      if (word === "waiting") emit({ kind: "waiting", host, reason: `another run: ${holder}` });
      if (word === "orphan")
        emit({ kind: "waiting", host, reason: `a script that goes on without its run: ${holder}` });
      if (word === "taken-over") emit({ kind: "taken-over", host, holder });
      if (word === "locked") reject(new LockedError(holder));
      if (word === "held") resolve(text);
    };
  });
  const proved = lines([
    forget(previousServices(host, paths)),
    forgetUnneeded(paths),
    noteApplied(paths, scopeWord(scope), recordPath(paths)),
    sh`note_applied $words || :`,
  ]);
  const owner = ownerOf(options);
  const shell = session.stay((nonce) => holdLock(nonce, owner, lockWaitSeconds, paths, proved), hear);
  const early = shell.ended.then((): never => {
    throw new SessionError("the lock's shell ended before it had the lock");
  });
  return {
    turn: await Promise.race([turn, early]),
    proved: (words) => shell.send(["proved", ...words].join(" ")),
    release: listening(shell, signal),
  };
}

/** Lets the shell hear from us while the lock is held; returns what ends that. */
function listening(shell: Staying, signal: AbortSignal | undefined): () => Promise<void> {
  // How it ends is told by the next script, which finds that the lock is gone.
  const ended = shell.ended.catch(() => undefined);
  const timer = setInterval(() => shell.send("beat"), BEAT_MS).unref();
  const stop = (): void => shell.send("stop");
  signal?.addEventListener("abort", stop, { once: true });
  return async () => {
    clearInterval(timer);
    signal?.removeEventListener("abort", stop);
    shell.send("release");
    await Promise.race([ended, delay(RELEASE_MS, undefined, { ref: false })]);
  };
}

async function runUnder(
  session: Session,
  sections: readonly Script[],
  { beside = sh``, toTheEnd = false }: RunUnder,
  options: LockOptions,
): Promise<Answer> {
  const { paths, host, emit } = options;
  if (!toTheEnd) refuseIfEnding(options);
  const answer = await session.apply(sections, {
    prelude: (nonce) => lines([joinLock(nonce, ownerOf(options), paths), beside]),
    goesOn: toTheEnd ? undefined : goesOn(paths),
    waiting: (reason) => emit({ kind: "waiting", host, reason }),
  });
  const lost = answer.remarks.get("lost");
  if (lost !== undefined) throw new LockedError(lost.trim() || "nobody: it was released by hand");
  return answer;
}
