/** Runs tasks, so many at a time; the others wait in order. */
export type Limit = <T>(task: () => Promise<T>) => Promise<T>;

/** Returns a limit of `max` tasks at a time. */
export function limit(max: number): Limit {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    // A slot is handed from one task to the next: nobody can slip in between.
    if (running >= max) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
