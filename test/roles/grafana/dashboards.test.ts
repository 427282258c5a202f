import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import t from "tap";
import { stringify } from "yaml";
import { logLabels, metricSources, targetLabels } from "../../../roles/dashboards/metrics.ts";
import { dashboardsPage } from "../../../roles/dashboards/page.ts";
import { emptyUnlessOf } from "../../../roles/dashboards/panels.ts";
import { dashboardFiles } from "../../../roles/grafana/dashboards.ts";
import { services } from "../../../roles/services.ts";
import { imagePins } from "../../../roles/versions.ts";
import { errorsOf, groupingsOf, logLabelsOf, queries, selectorsOf } from "./queries.ts";

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly refId: string; readonly datasource: { readonly uid: string } }[];
}

interface Model {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly editable: boolean;
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
  readonly templating: { readonly list: readonly { readonly name: string; readonly allValue?: string }[] };
}

const dashboards = services.flatMap((service) => service.dashboards);
const models = Object.values(dashboardFiles(dashboards)).map((text) => JSON.parse(text) as Model);
const known: Readonly<Record<string, readonly string[]>> = Object.assign(
  {},
  ...metricSources.map(({ metrics }) => metrics),
);
const promQueries = queries.filter(({ source }) => source === "prometheus");
const usedMetrics = new Set(promQueries.flatMap((query) => selectorsOf(query).map(({ metric }) => metric)));

t.test("there are seven dashboards, with uids and files that do not change", async (t) => {
  t.same(
    models.map(({ uid }) => uid),
    ["overview", "stack", "runs", "logs", "traces", "host", "application"].map((name) => `hostwright-${name}`),
  );
  t.same(Object.keys(dashboardFiles(dashboards))[0], "overview.json");
});

t.test("each dashboard has the shape of Grafana's classic schema", async (t) => {
  for (const { title, schemaVersion, editable, panels } of models) {
    t.match({ schemaVersion, editable }, { schemaVersion: 42, editable: false }, title);
    const ids = panels.map(({ id }) => id);
    t.equal(new Set(ids).size, ids.length, `${title}: ids`);
    t.ok(ids.every((id) => Number.isInteger(id) && id > 0));
    const sources = panels.flatMap(({ datasource, targets = [] }) => [
      datasource,
      ...targets.map((one) => one.datasource),
    ]);
    t.same([...new Set(sources.flatMap((source) => source?.uid ?? []))].sort(), sourcesOf(title), title);
    for (const panel of panels.filter(({ type }) => type !== "row")) {
      t.ok(panel.datasource && panel.targets?.length && panel.description, `${title}: ${panel.title}`);
      const refs = panel.targets?.map(({ refId }) => refId) ?? [];
      t.equal(new Set(refs).size, refs.length, `${title}: ${panel.title}: refs`);
    }
  }
});

t.test("panels are on the grid and do not lie on each other", async (t) => {
  for (const { title, panels } of models) {
    const taken = new Set<string>();
    for (const { title: panel, gridPos } of panels) {
      t.ok(gridPos.x >= 0 && gridPos.x + gridPos.w <= 24, `${title}: ${panel}`);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          if (taken.has(`${x},${y}`)) t.fail(`${title}: ${panel} lies on another`);
          taken.add(`${x},${y}`);
        }
    }
  }
});

t.test("each chooses by environment, but for runs; for all, LogQL gets a matcher that Loki takes", async (t) => {
  const all: Readonly<Record<string, string>> = { Logs: ".+", Runs: "undefined" };
  for (const { title, templating } of models) {
    const environment = templating.list.find(({ name }) => name === "environment");
    t.equal(String(environment?.allValue), all[title] ?? ".*", title);
    const text = JSON.stringify(models.find((model) => model.title === title)?.panels);
    for (const { name } of templating.list) t.ok(text.includes(`$${name}`), `${title} uses ${name}`);
  }
});

t.test("each marks the runs that changed something or failed, and no others", async (t) => {
  for (const { title, annotations } of models) {
    t.match(annotations.list, [{ name: "Runs", expr: '{job="hostwright", outcome!="in_sync"}' }], title);
    for (const { name, expr } of annotations.list) t.same(errorsOf({ where: name, source: "loki", text: expr }), []);
  }
});

t.test("each query is a sentence of its language", async (t) => {
  t.ok(queries.length > 80, `${queries.length}`);
  for (const query of queries) t.same(errorsOf(query), [], query.where);
  const broken = [
    { where: "", source: "prometheus", text: "sum(rate(up[1m]) by (host)" },
    { where: "", source: "loki", text: '{a="b"' },
    { where: "", source: "tempo", text: "{ status = " },
  ] as const;
  for (const query of broken) t.ok(errorsOf(query).length > 0, `the grammar refuses ${query.text}`);
});

const promtool = spawnSync("promtool", ["--version"]).error ? "needs promtool (Debian: prometheus)" : false;

t.test("promtool reads each PromQL query", { skip: promtool }, async (t) => {
  const rules = promQueries.map(({ text }, index) => ({ record: `query:${index}`, expr: text }));
  const dir = t.testdir({ "rules.yml": stringify({ groups: [{ name: "dashboards", rules }] }) });
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "rules", "--lint=none", `${dir}/rules.yml`]);
  t.equal(status, 0, `${stdout}${stderr}`);
});

t.test("queries use metrics and labels that the stack exports, and the list has no others", async (t) => {
  t.same(
    [...usedMetrics].filter((metric) => !(metric in known)),
    [],
  );
  t.same(
    Object.keys(known).filter((metric) => !usedMetrics.has(metric) && metric !== "node_uname_info"),
    [],
  );
  for (const query of promQueries) {
    const own = selectorsOf(query).flatMap(({ metric }) => known[metric] ?? []);
    for (const { metric, labels } of selectorsOf(query))
      t.same(
        labels.filter((label) => ![...(known[metric] ?? []), ...targetLabels].includes(label)),
        [],
        query.where,
      );
    t.same(
      groupingsOf(query).filter((label) => ![...own, ...targetLabels].includes(label)),
      [],
      query.where,
    );
  }
  for (const query of queries.filter(({ source }) => source === "loki"))
    t.same(
      logLabelsOf(query).filter((label) => !(logLabels as readonly string[]).includes(label)),
      [],
      query.where,
    );
});

t.test("the Grafana that is pinned knows what the queries ask it to fill in", async (t) => {
  const text = JSON.stringify(models);
  t.ok(text.includes("$__auto"), "which Grafana has from 10.1 on");
  const [major = 0, minor = 0] = imagePins.grafana.tag.split(".").map(Number);
  t.ok(major > 10 || (major === 10 && minor >= 1), imagePins.grafana.tag);
});

t.test("what a panel needs is in its description, in the page, and can be read back", async (t) => {
  const all = dashboards.flatMap(({ panels = [] }) => panels as readonly { title?: string; description?: string }[]);
  const tomcat = all.find(({ title }) => title === "Tomcat's threads");
  t.equal(emptyUnlessOf(tomcat ?? {}), "server.tomcat.mbeanregistry.enabled is true");
  t.equal(emptyUnlessOf(all.find(({ title }) => title === "Requests by path") ?? {}), undefined);
  t.match(
    dashboardsPage(dashboards),
    /\| Application: Tomcat's threads \| server\.tomcat\.mbeanregistry\.enabled is true \|/,
  );
});

t.test("docs/dashboards.md is current", async (t) => {
  if (process.env.WRITE) writeFileSync("docs/dashboards.md", dashboardsPage(dashboards));
  const again = "run npm run generate";
  t.equal(readFileSync("docs/dashboards.md", "utf8"), dashboardsPage(dashboards), again);
  t.equal(dashboards.length, models.length);
});

function sourcesOf(title: string): readonly string[] {
  const sources: Readonly<Record<string, readonly string[]>> = {
    Overview: ["loki", "prometheus"],
    Logs: ["loki"],
    Runs: ["loki"],
    "Traces and service graph": ["prometheus", "tempo"],
  };
  return sources[title] ?? ["prometheus"];
}
