import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

/** What a program cost on this machine: the hosts' part, which sshd started, is not in it. */
export interface Cost {
  readonly seconds: number;
  /** User and system, of it and of all that it started, in seconds. */
  readonly cpu: number;
}

// Bash knows what its children took; Node does not.
const TIMED = `TIMEFORMAT="%R %U %S"; out=$(mktemp); time "$@" >"$out" 2>&1; rc=$?
[ $rc = 0 ] || cat "$out"; rm -f "$out"; exit $rc`;

/** Runs a program and returns what it cost; throws with its output when it fails. */
export async function spent(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Cost> {
  const child = spawn("bash", ["-c", TIMED, "bash", file, ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (status !== 0) throw new Error(`${file} ended with ${status}:\n${stdout}${stderr}`);
  const [seconds = Number.NaN, user = Number.NaN, system = Number.NaN] =
    stderr.trim().split("\n").at(-1)?.split(" ").map(Number) ?? [];
  return { seconds, cpu: user + system };
}

/** The middle one. */
export function median(all: readonly number[]): number {
  return [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;
}
