import type { Script } from "../shell/sh.ts";

/**
 * A handler that the hosts of a play run one after the other, each together with the changes that notify it. It fails where what it
 * restarts does not come back: then these changes go back, it runs again, and the run stops.
 */
export interface Rolling {
  readonly rolling: Script;
}

/** What runs once after a change. */
export type Handler = Script | Rolling;

/** Makes a handler one that hosts run one after the other. It waits itself until all is well; a line that it prints is a note of the recap. */
export function rolling(script: Script): Rolling {
  return { rolling: script };
}

/** Whether hosts run it one after the other. */
export function isRolling(handler: Handler | undefined): handler is Rolling {
  return handler !== undefined && "rolling" in handler;
}

/** What a handler runs. */
export function scriptOf(handler: Handler): Script {
  return isRolling(handler) ? handler.rolling : handler;
}
