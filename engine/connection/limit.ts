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

/** Runs a task during which the clock stands still, such as a question to a person; then the full time starts again. */
export type Hold = <T>(task: () => Promise<T>) => Promise<T>;

/** Returns what the task returns, or throws `late()` after this many milliseconds (never when `undefined`). `late` also stops the task. */
export async function within<T>(
  timeoutMs: number | undefined,
  late: () => Error,
  task: (hold: Hold) => Promise<T>,
): Promise<T> {
  const { promise: passed, reject: expire } = withResolvers();
  let timer: NodeJS.Timeout | undefined;
  let isDone = false;
  const start = (): void => {
    if (timeoutMs !== undefined && !isDone) timer = setTimeout(() => expire(late()), timeoutMs);
  };
  const hold: Hold = async (pause) => {
    clearTimeout(timer);
    try {
      return await pause();
    } finally {
      start();
    }
  };
  start();
  try {
    return await Promise.race([passed, task(hold)]);
  } finally {
    isDone = true;
    clearTimeout(timer);
  }
}

// Promise.withResolvers came with Node 22.
function withResolvers(): { promise: Promise<never>; reject: (error: Error) => void } {
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<never>((_, rejectPromise) => {
    reject = rejectPromise;
  });
  return { promise, reject };
}
