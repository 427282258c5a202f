import { ConnectionError } from "../connection/connection.ts";
import { OutputError } from "../connection/output.ts";
import { MismatchError } from "../format/mismatch.ts";
import { InventoryError, type Problem } from "../inventory/inventory.ts";
import { PlacedError, placeOf } from "../resource/resource.ts";
import { ApplyError, LockedError, NotConvergedError } from "./converge-error.ts";
import type { Failure, Place, PlannedStep } from "./event.ts";
import { RolledBackError } from "./go-back.ts";
import { ProbeFailedError } from "./plan.ts";
import { planned } from "./planned.ts";
import { SessionError } from "./session.ts";
import { TroubleError } from "./trouble.ts";

/** Of a failed command's stderr, the end says what happened. */
const STDERR_LINES = 20;

/** What a role's mismatch is about where that has no name. */
const ASKED = "what a role asks for cannot be";

/** Returns what a report says of an error that ended a host's run. */
export function failureOf(error: unknown): Failure {
  const message = messageOf(error);
  if (error instanceof ConnectionError) {
    const { found, expected, hint } = error;
    return { kind: "unreachable", message, found, expected, hint };
  }
  if (error instanceof RolledBackError) return rolledBack(error);
  if (error instanceof TroubleError) {
    const failure = failureOf(error.cause);
    return { ...failure, message: `${message}: ${failure.message}`, hint: error.hint };
  }
  if (error instanceof LockedError) {
    const hint =
      "wait for that run, or give --lock-wait 10m to queue behind it; lock.mts status tells who holds which host";
    return { kind: "locked", message, found: error.holder, hint };
  }
  if (error instanceof SessionError || error instanceof OutputError)
    return { kind: "failed", message, hint: error.hint };
  if (error instanceof ProbeFailedError) {
    const [first, ...others] = error.group.resources;
    return {
      kind: "failed",
      message,
      ...aboutStep(first && others.length === 0 ? planned({ resource: first, changes: [] }) : undefined),
      stderr: lastLines(error.stderr),
      hint: "a probe only reads: put right on the host what it says above, then run again",
    };
  }
  if (error instanceof ApplyError) {
    const stderr = lastLines(error.stderr);
    const hint = "fix the cause and run again: what is done is not done twice";
    return { kind: "failed", message, ...aboutStep(error.step), handler: error.handler, stderr, hint };
  }
  if (error instanceof NotConvergedError) {
    const hint = "something undoes these changes: another resource, a service, or a person";
    return { kind: "failed", message, ...aboutStep(error.steps[0]), hint };
  }
  if (error instanceof MismatchError) {
    const place = error instanceof PlacedError ? error.place : placeOf(error);
    return { kind: "failed", ...error.mismatch, message: oneLine(error.mismatch.message ?? ASKED), place };
  }
  const [problem, ...others] = error instanceof InventoryError ? error.problems : [];
  if (problem && others.length === 0) return { ...refusalOf(problem, "the inventory cannot be used"), kind: "failed" };
  return { kind: "failed", message, place: error instanceof Error ? placeOf(error) : undefined };
}

function rolledBack({ cause, rollback }: RolledBackError): Failure {
  const { stderr, works } = rollback;
  const hint = works
    ? "this host works with its old state; correct what was to be changed, then run again"
    : "this host does not work with its old state either: mend it by what it says above, and ask whether it worked before";
  const back = stderr === undefined ? rollback : { ...rollback, stderr: lastLines(stderr) };
  return { ...failureOf(cause), hint, rollback: back };
}

/** Returns what a report says of something that is wrong before any host was contacted; `what` of one that has no name. */
export function refusalOf({ message, place, ...known }: Problem, what: string): Failure {
  return { kind: "refused", message: oneLine(message ?? what), ...known, place: place && knownPlace(place) };
}

/** In an inventory's place 0 stands for what is not known. */
function knownPlace({ file, line, column }: NonNullable<Problem["place"]>): Place {
  return { file, line: line || undefined, column: column || undefined };
}

/** The event says which host it is: an error about a connection need not. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(String(error));
  const whose = error instanceof ConnectionError ? `${error.host}: ` : "";
  return oneLine(error.message.startsWith(whose) ? error.message.slice(whose.length) : error.message);
}

function lastLines(stderr: string): string {
  return stderr.trim().split("\n").slice(-STDERR_LINES).join("\n");
}

function aboutStep(step: PlannedStep | undefined): Partial<Failure> {
  if (!step || step.changes.length === 0) return { step, place: step?.place };
  const said = (side: "before" | "after") =>
    step.changes.map((change) => `${change.field} ${change[side] ?? "nothing"}`).join(", ");
  return { step, place: step.place, found: said("before"), expected: said("after") };
}

function oneLine(text: string): string {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "").join("; ");
}
