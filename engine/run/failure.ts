import { ConnectionError } from "../connection/connection.ts";
import { ApplyError, LockedError, NotConvergedError, planned } from "./converge.ts";
import type { Failure } from "./event.ts";
import { ProbeFailedError } from "./plan.ts";
import { SessionError } from "./session.ts";

/** Of a failed command's stderr, the end says what happened. */
const STDERR_LINES = 20;

/** Returns what a report says of an error that ended a host's run. */
export function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ConnectionError) return { kind: "unreachable", message, hint: error.hint };
  if (error instanceof LockedError) {
    return { kind: "locked", message, hint: "wait for that run, or give --lock-wait SECONDS to queue behind it" };
  }
  if (error instanceof SessionError) return { kind: "failed", message, hint: error.hint };
  if (error instanceof ProbeFailedError) {
    const [first, ...others] = error.group.resources;
    return {
      kind: "failed",
      message,
      step: first && others.length === 0 ? planned({ resource: first, changes: [] }) : undefined,
      stderr: lastLines(error.stderr),
      hint: "a probe only reads: put right on the host what it says above, then run again",
    };
  }
  if (error instanceof ApplyError) {
    return {
      kind: "failed",
      message,
      step: error.step,
      stderr: lastLines(error.stderr),
      hint: "fix the cause and run again: what is done is not done twice",
    };
  }
  if (error instanceof NotConvergedError) {
    const hint = "something undoes these changes: another resource, a service, or a person";
    return { kind: "failed", message, step: error.steps[0], hint };
  }
  return { kind: "failed", message };
}

function lastLines(stderr: string): string {
  return stderr.trim().split("\n").slice(-STDERR_LINES).join("\n");
}
