import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

/** What a program cost on this machine: the hosts' part, which sshd started, is not in it. */
export interface Cost {
  readonly seconds: number;
  /** User and system, of it and of all that it started, in seconds. */
  readonly cpu: number;
  /** The most memory that one process of it held, in MB. */
  readonly memory: number;
}

// Python knows what its children took; Node does not.
const TIMED = `import resource, subprocess, sys, time
start = time.monotonic()
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
took = time.monotonic() - start
if done.returncode: sys.stdout.buffer.write(done.stdout)
all = resource.getrusage(resource.RUSAGE_CHILDREN)
print(took, all.ru_utime + all.ru_stime, all.ru_maxrss / 1024, file=sys.stderr)
sys.exit(done.returncode)`;

/** Runs a program and returns what it cost; throws with its output when it fails. */
export async function spent(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Cost> {
  const child = spawn("python3", ["-c", TIMED, file, ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (status !== 0) throw new Error(`${file} ended with ${status}:\n${stdout}${stderr}`);
  const [seconds = Number.NaN, cpu = Number.NaN, memory = Number.NaN] =
    stderr.trim().split("\n").at(-1)?.split(" ").map(Number) ?? [];
  return { seconds, cpu, memory };
}

/** The middle one. */
export function median(all: readonly number[]): number {
  return [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;
}
