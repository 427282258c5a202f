import t from "tap";
import { limit, within } from "../../engine/connection/limit.ts";

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test("limit runs so many at a time, in order, also after a failure", async (t) => {
  const two = limit(2);
  const started: number[] = [];
  let running = 0;
  let most = 0;
  const task = (n: number) => async (): Promise<number> => {
    started.push(n);
    most = Math.max(most, ++running);
    await soon();
    running -= 1;
    if (n === 1) throw new Error("one");
    return n;
  };
  const results = await Promise.allSettled([0, 1, 2, 3, 4].map((n) => two(task(n))));
  t.equal(most, 2);
  t.strictSame(started, [0, 1, 2, 3, 4]);
  t.strictSame(
    results.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled", "fulfilled", "fulfilled"],
  );
});

t.test("within gives the result, the failure, or the deadline", async (t) => {
  const late = (): Error => new Error("late");
  t.equal(await within(1_000, late, async () => 1), 1);
  t.equal(await within(undefined, late, async () => 2), 2);
  await t.rejects(
    within(1_000, late, () => Promise.reject(new Error("own"))),
    /own/,
  );
  await t.rejects(
    within(1, late, () => new Promise(() => undefined)),
    /late/,
  );
});

t.test("within stands still while it is held", async (t) => {
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));
  const result = await within(
    50,
    () => new Error("late"),
    async (hold) => {
      await hold(pause);
      return "in time";
    },
  );
  t.equal(result, "in time");
});
