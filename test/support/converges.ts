import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";
import type { Resource, Step } from "../../engine/resource/resource.ts";
import { inBulk } from "../../engine/run/apply.ts";
import type { StatePaths } from "../../engine/run/host-state.ts";
import { madeProbe, parseMade } from "../../engine/run/made-look.ts";
import { groupByKind, planSteps, probeScripts } from "../../engine/run/plan.ts";
import { beginRecord, recordOf, scopeOf } from "../../engine/run/record.ts";
import { ofInventory, planRetirement } from "../../engine/run/retirement.ts";
import { parseUnmade, removalSection } from "../../engine/run/unmake.ts";
import { lines, sh } from "../../engine/shell/sh.ts";
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

/**
 * The contract of every resource that makes something: what it made is noted before it is made, and once that is removed all is as it
 * was found, as `look` sees it.
 */
export function retires(
  t: Test,
  title: string,
  make: (dir: string) => Resource | readonly Resource[],
  look: (dir: string) => unknown = snapshot,
): void {
  for (const shell of shells) {
    t.test(`${title} goes again (${shell[0]})`, async (t) => {
      const dir = mkdtempSync(join(tmpdir(), "retires-"));
      const state = mkdtempSync(join(tmpdir(), "retires-state-"));
      t.teardown(() => [dir, state].map((path) => rmSync(path, { recursive: true, force: true })));
      const resources = [make(dir)].flat() as readonly Resource[];
      const before = look(dir);
      const steps = plan(shell, resources);
      t.ok(
        steps.every(({ makes }) => makes.length > 0),
        "each says what it makes",
      );
      applyNoted(shell, steps, { state, log: state });
      t.notSame(look(dir), before);
      t.same(
        plan(shell, resources).map(({ resource }) => resource.id),
        [],
      );
      t.same(unmake(shell, { state, log: state }), [], "nothing is left or fails");
      t.same(look(dir), before, "as it was found");
      t.same(unmake(shell, { state, log: state }), [], "and once more");
    });
  }
}

const SCOPE = scopeOf([], { playbook: "test" });

/** Applies steps as a run does, with the record of what they make. */
export function applyNoted(shell: readonly string[], steps: readonly Step[], paths: StatePaths): void {
  const scripts = inBulk(steps).map(({ steps, script }) => lines([recordOf(steps, paths), sh`(\n${script}\n)`]));
  const prelude = beginRecord(steps, SCOPE, paths);
  for (const { status, stderr } of runSections(shell, scripts, { stopAtFailure: true, prelude }))
    if (status !== 0) throw new Error(stderr);
}

/** Removes all that the record says, and returns what stays or fails. */
export function unmake(shell: readonly string[], paths: StatePaths, withData = false): readonly string[] {
  const [look] = runSections(shell, [madeProbe(paths)]);
  if (look?.status !== 0) throw new Error(look?.stderr);
  const { removals, left } = planRetirement(parseMade(look.stdout), { ...ofInventory(SCOPE), withData });
  const said = runSections(
    shell,
    removals.map((one) => removalSection(one, { withData, paths })),
  );
  const told = removals.flatMap(({ title }, index) => {
    const unmade = parseUnmade(said[index]);
    return unmade?.outcome === "removed"
      ? []
      : [`${unmade?.outcome} ${title}: ${unmade && "why" in unmade && unmade.why}`];
  });
  return [...left.map(({ title, why }) => `left ${title}: ${why}`), ...told];
}

/** All in a folder: paths with type and mode, links with what they lead to, files with their content. */
export function snapshot(dir: string): readonly string[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const stat = lstatSync(join(dir, name));
      const what = stat.isSymbolicLink()
        ? readlinkSync(join(dir, name))
        : stat.isFile()
          ? readFileSync(join(dir, name), "utf8")
          : "folder";
      return `${name} ${stat.isSymbolicLink() ? "" : stat.mode.toString(8)} ${stat.uid} ${what}`;
    });
}
