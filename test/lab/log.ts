/** A failure that needs no stack: its message says what happened and what to do. */
export class LabError extends Error {}

/** Tells a person what happens. Writes to stderr, one line a step. */
export type Log = (line: string) => void;

/** A log whose lines begin with the seconds since it was made. */
export function startLog(): Log {
  const start = performance.now();
  return (line) => {
    const elapsed = ((performance.now() - start) / 1000).toFixed(1);
    process.stderr.write(`${elapsed.padStart(6)}s  ${line}\n`);
  };
}

/** Runs one step; logs its begin, and its duration at the end if it took longer than two seconds. */
export async function step<T>(log: Log, title: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  log(title);
  const result = await work();
  const seconds = (performance.now() - start) / 1000;
  if (seconds > 2) log(`${title}: done (${seconds.toFixed(1)} s)`);
  return result;
}
