import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";
import type { Resource, Step } from "../../engine/resource/resource.ts";
import { inBulk } from "../../engine/run/apply.ts";
import { groupByKind, planSteps, probeScripts } from "../../engine/run/plan.ts";
import { runSections, shells } from "./shells.ts";

/** Plans these resources in one shell, as check mode does. */
export function plan(shell: readonly string[], resources: readonly Resource[]): readonly Step[] {
  const groups = groupByKind(resources);
  return planSteps(resources, groups, runSections(shell, probeScripts(groups), { together: true }));
}

/** Applies steps, those in bulk that go so; throws with the failed step's stderr. */
export function apply(shell: readonly string[], steps: readonly Step[]): void {
  const batches = inBulk(steps);
  runSections(
    shell,
    batches.map(({ script }) => script),
    { stopAtFailure: true },
  ).forEach(({ status, stderr }, index) => {
    if (status !== 0) throw new Error(`${batches[index]?.steps[0]?.resource.id}: exit ${status}: ${stderr}`);
  });
}

/**
 * The contract of every resource, in every shell, each with a folder of its own: check plans; check again plans the
 * same; apply does what was planned; apply again is silent.
 */
export function converges(t: Test, title: string, make: (dir: string) => Resource | readonly Resource[]): void {
  for (const shell of shells) {
    t.test(`${title} (${shell[0]})`, async (t) => {
      const dir = mkdtempSync(join(tmpdir(), "converges-"));
      t.teardown(() => rmSync(dir, { recursive: true, force: true }));
      const resources = [make(dir)].flat() as readonly Resource[];
      const summary = (steps: readonly Step[]) => steps.map(({ resource, changes }) => [resource.id, changes]);
      const first = plan(shell, resources);
      t.not(first.length, 0, "check plans");
      t.same(summary(plan(shell, resources)), summary(first), "check again plans the same");
      apply(shell, first);
      t.same(summary(plan(shell, resources)), [], "apply again is silent");
    });
  }
}
