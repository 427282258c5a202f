import type { Script } from "../shell/sh.ts";
import { LockedError } from "./converge-error.ts";
import type { HostEvent } from "./event.ts";
import { type Operation, type StatePaths, takeLock } from "./host-state.ts";
import type { Answer, Session } from "./session.ts";

/** Whose lock it is, and how long it is waited for. */
export interface LockOptions {
  readonly host: string;
  readonly operation: Operation;
  readonly lockWaitSeconds: number;
  readonly paths: StatePaths;
  emit(event: HostEvent): void;
}

/** Runs sections under the host's lock, until one fails. Throws `LockedError`. */
export async function underLock(session: Session, scripts: readonly Script[], options: LockOptions): Promise<Answer> {
  const { operation, lockWaitSeconds: waitSeconds, paths, host, emit } = options;
  const answer = await session.apply(scripts, (nonce) => takeLock(nonce, { operation, waitSeconds, paths }));
  const locked = answer.remarks.get("locked");
  if (locked !== undefined) throw new LockedError(locked.trim() || "unknown");
  const holder = answer.remarks.get("taken-over");
  if (holder !== undefined) emit({ kind: "taken-over", host, holder: holder.trim() });
  return answer;
}
