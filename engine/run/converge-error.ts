import type { Section } from "../shell/frame.ts";
import type { PlannedStep } from "./event.ts";

/** What failed: a resource, or a handler. */
export interface Failed {
  readonly step?: PlannedStep;
  readonly handler?: string;
}

/** A resource or handler failed: what, and the last lines it wrote to stderr. */
export class ApplyError extends Error {
  readonly step: PlannedStep | undefined;
  readonly handler: string | undefined;
  readonly stderr: string;

  constructor(message: string, stderr: string, { step, handler }: Failed) {
    super(message);
    this.stderr = stderr;
    this.step = step;
    this.handler = handler;
  }
}

/** What a section that failed, or was not reached, says of a resource or a handler. */
export function applyError(what: string, section: Section | undefined, failed: Failed): ApplyError {
  const status = section ? `exit ${section.status}` : "it was not reached";
  return new ApplyError(`${what} failed: ${status}`, section?.stderr ?? "", failed);
}

/** A resource disturbed by another gets this many chances to settle. */
export const MAX_PASSES = 3;

/** Resources that still differ after every pass. */
export class NotConvergedError extends Error {
  readonly steps: readonly PlannedStep[];

  constructor(steps: readonly PlannedStep[]) {
    super(`still differs after ${MAX_PASSES} passes: ${steps.map(({ type, id }) => `${type} ${id}`).join(", ")}`);
    this.steps = steps;
  }
}

/** Another run holds the host's lock: who. */
export class LockedError extends Error {
  readonly holder: string;

  constructor(holder: string) {
    super("another run is changing this host");
    this.holder = holder;
  }
}
