import { type Cost, median } from "./cost.mts";

/** Something to measure. */
export type Job = () => Promise<Cost>;

/** Prints what each job costs, the median of so many rounds with the least and the most. They go in turns, so that what else the machine does meets all of them. */
export async function measure(
  rounds: number,
  jobs: Readonly<Record<string, Job>>,
  note: (name: string) => string = () => "",
): Promise<void> {
  const costs = new Map(Object.keys(jobs).map((name) => [name, [] as Cost[]]));
  // Once before: caches, bytecode and bundles are made.
  for (const job of Object.values(jobs)) await job();
  for (let round = 0; round < rounds; round++)
    for (const [name, job] of Object.entries(jobs)) costs.get(name)?.push(await job());
  for (const [name, all] of costs) {
    const seconds = all.map((cost) => cost.seconds).sort((a, b) => a - b);
    const range = `(${seconds[0]?.toFixed(2)} to ${seconds.at(-1)?.toFixed(2)})`;
    const cpu = median(all.map((cost) => cost.cpu)).toFixed(2);
    const memory = median(all.map((cost) => cost.memory)).toFixed(0);
    console.log(
      `${name.padEnd(42)} ${median(seconds).toFixed(2).padStart(7)} s ${range.padEnd(18)} CPU ${cpu.padStart(6)} s  ${memory.padStart(4)} MB  ${note(name)}`,
    );
  }
}
