import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import t from "tap";
import { type HostVars, type Resource, reveal } from "../../engine/index.ts";
import { shrinking } from "../../roles/retention.ts";
import { apply, plan } from "../support/converges.ts";
import { shells } from "../support/shells.ts";
import { monitoringPlan } from "./plans.ts";

const isRetention = ({ kind }: Resource) => kind.name === "retention";
type Desired = Parameters<typeof shrinking>[0];

/** The resources of a monitoring host with these vars that say what less is kept, of files in a folder. */
function saying(dir: string, vars: HostVars["vars"]): readonly Resource[] {
  return monitoringPlan(vars)
    .resources.filter(isRetention)
    .map(({ desired, options }) => {
      const own = desired as Desired;
      return shrinking({ ...own, path: `${dir}${own.path}` }, options.tags ?? []);
    });
}

/** The files that keep so, as a run writes them into a folder. */
function write(dir: string, vars: HostVars["vars"]): void {
  const { resources } = monitoringPlan(vars);
  const paths = resources.filter(isRetention).map(({ desired }) => (desired as Desired).path);
  for (const path of new Set(paths)) {
    const writes = ({ id, desired }: Resource) =>
      id === path || (path.endsWith("/compose.yaml") && id === "monitoring" && "content" in (desired as object));
    const { content } = (resources.find(writes)?.desired ?? {}) as { content: string };
    mkdirSync(dirname(`${dir}${path}`), { recursive: true });
    writeFileSync(`${dir}${path}`, reveal(content));
  }
}

const large = { loki_retention_hours: 336, tempo_retention_hours: 168, prometheus_retention_days: 30 };
const small = { loki_retention_hours: 168, tempo_retention_hours: 30, prometheus_retention_days: 1 };

for (const shell of shells)
  t.test(`what goes is said before it goes (${shell[0]})`, async (t) => {
    const dir = t.testdir();
    const said = (vars: HostVars["vars"]) =>
      plan(shell, saying(dir, vars)).map(
        ({ resource, changes }) => `${resource.id}: ${changes.map(({ field }) => field)}`,
      );
    t.same(said(small), [], "nothing is there yet");
    write(dir, { ...large, prometheus_retention_size_mb: 2000 });
    t.same(said({ ...large, prometheus_retention_size_mb: 2000 }), []);
    t.same(said({ ...large, loki_retention_hours: 400, prometheus_retention_size_mb: 2100 }), [], "more is kept");
    const less = { ...small, prometheus_retention_size_mb: 1000 };
    t.same(said(less).toSorted(), [
      "loki: keeps 7 days from now on, it kept 14 days: older logs go",
      "prometheus by age: keeps 1 day from now on, it kept 30 days: older metrics go",
      "prometheus by size: keeps 1000 MB from now on, it kept 2000 MB: older metrics go",
      "tempo: keeps 30 hours from now on, it kept 7 days: older traces go",
    ]);
    apply(shell, plan(shell, saying(dir, less)));
    t.equal(said(less).length, 4, "it changes nothing itself");
    write(dir, less);
    t.same(said(less), []);
  });

t.test("a smaller disk says so too", async (t) => {
  const keeps = (vars: HostVars["vars"]) =>
    Object.fromEntries(
      monitoringPlan(vars)
        .resources.filter(isRetention)
        .map(({ id, desired }) => [id, (desired as Desired).keeps]),
    );
  const [now, then] = [keeps({ data_disk_gb: 5 }), keeps({ data_disk_gb: 9 })];
  for (const id of ["loki", "tempo", "prometheus by size"]) t.ok((now[id] ?? 0) < (then[id] ?? 0), id);
});

t.test("Tempo 2's file is read too", async (t) => {
  const dir = t.testdir();
  const vars = { tempo_image: "grafana/tempo:2.10.8" };
  write(dir, { ...vars, ...large });
  const [shell] = shells;
  if (shell)
    t.match(plan(shell, saying(dir, { ...vars, ...large, tempo_retention_hours: 24 }))[0]?.resource.id, "tempo");
});

t.test("each is said before the file is written, by whoever is asked for that", async (t) => {
  const { resources } = monitoringPlan();
  for (const [index, { desired, options }] of resources.entries()) {
    const { path } = desired as Desired;
    if (!resources[index] || !isRetention(resources[index])) continue;
    const writer = resources.findIndex(
      ({ id, kind }) => id === path || (path.endsWith("compose.yaml") && kind.name === "compose"),
    );
    t.ok(writer > index, path);
    t.same(resources[writer]?.options.tags, options.tags, path);
  }
});

t.test("retention reads other text as a failed probe", async (t) => {
  const [one] = monitoringPlan().resources.filter(isRetention);
  if (one) t.throws(() => one.kind.diff("0 seven\n", [one]), /unexpected line/);
});
