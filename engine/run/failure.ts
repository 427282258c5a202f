import { ConnectionError } from "../connection/connection.ts";
import { OutputError } from "../connection/output.ts";
import { ApplyError, LockedError, NotConvergedError } from "./converge.ts";
import { DiskError } from "./disk.ts";
import type { Failure } from "./event.ts";
import { SessionError } from "./session.ts";

/** Of a failed command's stderr, the end says what happened. */
const STDERR_LINES = 20;

/** Returns what a report says of an error that ended a host's run. */
export function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ConnectionError) return { kind: "unreachable", message, hint: error.hint };
  if (error instanceof DiskError) {
    const failure = failureOf(error.cause);
    return { ...failure, message: `${message}: ${failure.message}`, hint: error.hint };
  }
  if (error instanceof LockedError) {
    return { kind: "locked", message, hint: "wait for that run, or give --lock-wait SECONDS to queue behind it" };
  }
  if (error instanceof SessionError || error instanceof OutputError)
    return { kind: "failed", message, hint: error.hint };
  if (error instanceof ApplyError) {
    const stderr = error.stderr.trim().split("\n").slice(-STDERR_LINES).join("\n");
    return {
      kind: "failed",
      message,
      step: error.step,
      stderr,
      hint: "fix the cause and run again: what is done is not done twice",
    };
  }
  if (error instanceof NotConvergedError) {
    const hint = "something undoes these changes: another resource, a service, or a person";
    return { kind: "failed", message, step: error.steps[0], hint };
  }
  return { kind: "failed", message };
}
