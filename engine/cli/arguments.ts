import { type ParseArgsConfig, parseArgs } from "node:util";
import { explainArguments, UsageError } from "./options.ts";

/** Parses the command line of a small program, strictly. Throws `UsageError`. */
export function parseArguments<const T extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: T,
) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  } catch (cause) {
    throw new UsageError(explainArguments(cause, Object.keys(options)), { cause });
  }
}
