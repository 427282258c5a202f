import { type Options, type ProcessOutput, $ as zx } from "zx/core";
import { LabError } from "./log.ts";

const quietly: Partial<Options> = { quiet: true, nothrow: true, verbose: false };
const TAIL_LINES = 15;

/** What a command said, whatever its exit code. Times out only when told to. */
export async function attempt(argv: readonly string[], options: Partial<Options> = {}): Promise<ProcessOutput> {
  // No prefix: the user's shell options must not reach the command.
  return zx({ ...quietly, ...options })`${[...argv]}`;
}

/** Standard output of a command that must succeed. Throws LabError with the last lines it said. */
export async function run(argv: readonly string[], options: Partial<Options> = {}): Promise<string> {
  const output = await attempt(argv, options);
  if (output.exitCode === 0) return output.stdout.trimEnd();
  const said = `${output.stdout}\n${output.stderr}`.trim().split("\n").slice(-TAIL_LINES).join("\n  ");
  throw new LabError(`\`${argv.slice(0, 6).join(" ")}…\` ended with ${output.exitCode ?? output.signal}:\n  ${said}`);
}

/** Whether a program is on the PATH. */
export async function hasProgram(name: string): Promise<boolean> {
  return (await attempt(["sh", "-c", 'command -v -- "$1"', "sh", name])).exitCode === 0;
}
