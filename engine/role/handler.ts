import type { Script } from "../shell/sh.ts";

/**
 * A handler that the hosts of a play run one after the other, each together with the changes that notify it. It fails where what it
 * restarts does not come back: then these changes go back, it runs again, and the run stops.
 */
export interface Rolling {
  readonly rolling: Script;
}

/**
 * A handler whose change may lock us out: of sshd, sudo, a firewall. It counts once a new connection became root with it. Until then the
 * host itself waits, and where nobody comes in time it puts back what notified the handler and runs it again.
 */
export interface Confirmed {
  readonly confirmed: Script;
  readonly withinSeconds: number;
}

/** What runs once after a change. */
export type Handler = Script | Rolling | Confirmed;

/** Makes a handler one that hosts run one after the other. It waits itself until all is well; a line that it prints is a note of the recap. */
export function rolling(script: Script): Rolling {
  return { rolling: script };
}

/** Makes a handler one that is taken back by the host itself, unless a new connection confirms it in time. */
export function confirmed(script: Script, { withinSeconds = 60 }: { readonly withinSeconds?: number } = {}): Confirmed {
  return { confirmed: script, withinSeconds };
}

/** Whether a new connection has to confirm it. */
export function isConfirmed(handler: Handler | undefined): handler is Confirmed {
  return handler !== undefined && "confirmed" in handler;
}

/** Whether hosts run it one after the other. */
export function isRolling(handler: Handler | undefined): handler is Rolling {
  return handler !== undefined && "rolling" in handler;
}

/** What a handler runs. */
export function scriptOf(handler: Handler): Script {
  if (isConfirmed(handler)) return handler.confirmed;
  return isRolling(handler) ? handler.rolling : handler;
}
