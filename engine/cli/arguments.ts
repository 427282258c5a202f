import { type ParseArgsConfig, parseArgs } from "node:util";
import { didYouMean } from "../inventory/suggest.ts";
import { UsageError } from "./options.ts";

/** Parses the command line of a small program, strictly. Throws `UsageError`. */
export function parseArguments<const T extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: T,
) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  } catch (cause) {
    throw new UsageError(explain(cause instanceof Error ? cause.message : String(cause), Object.keys(options)), {
      cause,
    });
  }
}

function explain(message: string, names: readonly string[]): string {
  const unknown = /^Unknown option '(-[^']*)'/.exec(message)?.[1];
  if (unknown === undefined) return message.split(". ")[0] ?? message;
  const meant = didYouMean(
    unknown,
    names.map((name) => `--${name}`),
  );
  return `unknown option ${unknown}${meant} (--help lists all)`;
}
