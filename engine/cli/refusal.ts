import { parseArgs } from "node:util";
import { InventoryError } from "../inventory/inventory.ts";
import { jsonReport } from "../report/json.ts";
import type { RunEvent } from "../run/event.ts";
import { refusalOf } from "../run/failure.ts";
import { UsageError } from "./options.ts";
import { reportFiles } from "./output.ts";
import { type Refusal, tellRefusal } from "./program.ts";

/**
 * Tells that a run is refused: people on stderr, and where these arguments ask for it as its one event on stdout and in its
 * files. Returns exit code 1.
 */
export function reportRefusal(refusal: Refusal, args: readonly string[]): number {
  const { json, ...files } = wanted(args);
  const failures =
    refusal instanceof InventoryError
      ? refusal.problems.map((problem) => refusalOf(problem, "the inventory cannot be used"))
      : [refusalOf(refusal.problem, `the ${refusal.problem.host ? "playbook" : "command line"} cannot be followed`)];
  const event: RunEvent = { kind: "refused", version: 2, failures };
  if (json) jsonReport({ write: (text) => process.stdout.write(text) })(event);
  saveRefusal(files, event, refusal);
  return tellRefusal(refusal);
}

function saveRefusal(files: Pick<Wanted, "junit" | "report" | "message">, event: RunEvent, refusal: Refusal): void {
  try {
    for (const report of reportFiles(files, { failOnChanges: false })) {
      report.emit(event);
      report.save();
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    // A file that cannot be written may be what is refused.
    if (error.message !== refusal.message) tellRefusal(error);
  }
}

interface Wanted {
  readonly json: boolean;
  readonly junit: string | undefined;
  readonly report: string | undefined;
  readonly message: string | undefined;
}

/** Read leniently: the rest of the command line may be what is refused. */
function wanted(args: readonly string[]): Wanted {
  const text = { type: "string" } as const;
  const options = { json: { type: "boolean" }, junit: text, report: text, message: text } as const;
  const { values } = parseArgs({ args: [...args], options, strict: false });
  const file = (value: unknown) => (typeof value === "string" ? value : undefined);
  return {
    json: values.json === true,
    junit: file(values.junit),
    report: file(values.report),
    message: file(values.message),
  };
}
