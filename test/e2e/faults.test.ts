import t from "tap";
import { disturb, type Point, takeStage } from "../faults/faults.ts";
import { site, takeLab } from "../support/lab.ts";
import { noLab } from "../support/stand.ts";

// A reduced set of `npm run faults`. It brings the tests' lab up and converges it where that has not happened yet.
t.setTimeout(45 * 60_000);

t.test("whatever cuts a run, one clean run leaves what an undisturbed one does", { skip: noLab }, async (t) => {
  await takeLab(t);
  const first = await site();
  t.equal(first.code, 0, first.stderr);
  const stage = await takeStage(["app-prod"]);
  t.teardown(() => stage.close());
  const points: Point[] = [];
  await disturb(stage, { cuts: 2, kills: 1, reboots: 1, powerLosses: 1 }, (point) => points.push(point));
  for (const { kind, at, again, differences } of points)
    t.same({ again, differences }, { again: 0, differences: [] }, `${kind} at ${Math.round(at * 100)} %`);
  t.same(
    points.filter(({ kind }) => kind === "cuts").map(({ code }) => code),
    [0, 0],
    "a run that is cut goes on by itself",
  );
});
