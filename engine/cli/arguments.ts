import { type ParseArgsConfig, parseArgs } from "node:util";
import { explainArguments, refuseRepeated, UsageError } from "./options.ts";

type Parsed<T extends NonNullable<ParseArgsConfig["options"]>> = ReturnType<
  typeof parseArgs<{ args: string[]; options: T; strict: true; allowPositionals: true; tokens: true }>
>;

/** Parses the command line of a small program, strictly. Throws `UsageError`. */
export function parseArguments<const T extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: T,
): Parsed<T> {
  try {
    const parsed = parseArgs({ args: [...args], options, strict: true, allowPositionals: true, tokens: true });
    refuseRepeated(parsed.tokens, options);
    return parsed;
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(explainArguments(cause, Object.keys(options)), { cause });
  }
}
