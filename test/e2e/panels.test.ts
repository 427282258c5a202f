import t from "tap";
import { quoteWord } from "../../engine/shell/sh.ts";
import type { Dashboard, Panel } from "../../roles/dashboard.ts";
import { metricSources } from "../../roles/dashboards/metrics.ts";
import { emptyUnlessOf } from "../../roles/dashboards/panels.ts";
import { services } from "../../roles/services.ts";
import { type Query, queries, selectorsOf } from "../roles/grafana/queries.ts";
import { eventually, labAddress, onHost, site, takeLab } from "../support/lab.ts";
import { noLab } from "../support/stand.ts";

// It brings the tests' lab up and converges it where that has not happened yet.
t.setTimeout(45 * 60_000);

/** Metrics that the lab's hosts have not, since they are containers, and why. */
const NOT_IN_THE_LAB: Readonly<Record<string, string>> = {};

/** What panels need (`emptyUnless`) and the lab's real application has not, and why. */
const UNMET: Readonly<Record<string, string>> = {};

/** Who makes a metric, by its name: the lab may have a stand-in in the place of each, which makes fewer. */
const MADE_BY = { grafana: /^grafana_/, loki: /^loki_/, tempo: /^(tempo|traces)_/ } as const;
const micrometer = metricSources.find(({ from }) => from.startsWith("Micrometer"))?.metrics ?? {};

const panelQueries = queries.filter(({ source, where }) => source === "prometheus" && !where.startsWith("alert "));

t.test("each panel of the dashboards, asked of the lab's Prometheus", { skip: noLab }, async (t) => {
  await takeLab(t);
  const run = await site();
  t.equal(run.code, 0, run.stderr);
  const standIns = await standInsOf();
  t.comment(`stand-ins: ${standIns.join(", ") || "none"}`);

  const needed = panelQueries.filter((query) => excuseOf(query, standIns) === undefined);
  t.ok(needed.length > 30, `${needed.length} of ${panelQueries.length} queries have no excuse`);
  // A rate needs two scrapes, and what the application does has to come round.
  const ask = () => emptyOf(needed);
  const missing = await eventually("data in each panel", 180, ask, (empty) => empty.length === 0).catch(ask);
  t.same(
    missing.map(({ where, text }) => `${where}: ${text}`),
    [],
    "what is empty under load says why: beside the panel (emptyUnless), or here",
  );
  for (const query of await emptyOf(panelQueries)) t.comment(`empty: ${query.where}: ${excuseOf(query, standIns)}`);
});

/** Why a query may have no answer here; undefined: it has to have one. */
function excuseOf(query: Query, standIns: readonly string[]): string | undefined {
  const metrics = selectorsOf(query).map(({ metric }) => metric);
  const lacking = metrics.find((metric) => metric in NOT_IN_THE_LAB);
  if (lacking !== undefined) return NOT_IN_THE_LAB[lacking];
  const maker = standIns.find((one) => metrics.some((metric) => isMadeBy(one, metric)));
  return maker === undefined ? UNMET[emptyUnlessOf(panelOf(query)) ?? ""] : `${maker} is a stand-in`;
}

function isMadeBy(maker: string, metric: string): boolean {
  return maker === "application" ? metric in micrometer : MADE_BY[maker as keyof typeof MADE_BY].test(metric);
}

/** Which of those that make metrics are stand-ins in this lab. */
async function standInsOf(): Promise<readonly string[]> {
  const mon = labAddress("mon");
  const urls = { grafana: `${mon}/api/health`, loki: `${mon}:8080/ready`, tempo: "127.0.0.1:3200/ready" };
  const line = (url: string) => `curl -s -o /dev/null -D - ${url} | grep -ci '^x-stand-in:' || :`;
  const heads = await Promise.all(
    Object.entries(urls).map(async ([name, url]) => ({ name, isStandIn: (await onHost("mon", line(url))) !== "0\n" })),
  );
  const programs = heads.filter(({ isStandIn }) => isStandIn).map(({ name }) => name);
  // The stand-in of the application knows nothing of Tomcat.
  const real = ({ length }: readonly unknown[]) => length > 0;
  const isReal = await eventually("a JVM", 60, () => rowsOf("jvm_memory_max_bytes"), real).then(real, () => false);
  return isReal ? programs : [...programs, "application"];
}

/** The queries that have no answer, or no number in it. */
async function emptyOf(asked: readonly Query[]): Promise<readonly Query[]> {
  const found = await Promise.all(asked.map(async (query) => ({ query, rows: await rowsOf(query.text) })));
  return found.filter(({ rows }) => rows.every((value) => value === "NaN")).map(({ query }) => query);
}

/** The values that Prometheus answers with. */
async function rowsOf(query: string): Promise<readonly string[]> {
  const line = `curl -sS 127.0.0.1:9090/api/v1/query --data-urlencode query=${quoteWord(query)}`;
  const { status, error, data } = JSON.parse(await onHost("mon", line)) as {
    readonly status: string;
    readonly error?: string;
    readonly data?: { readonly result: readonly { readonly value: readonly [number, string] }[] };
  };
  if (status !== "success") throw new Error(`${query}: ${error}`);
  return (data?.result ?? []).map(({ value }) => value[1]);
}

/** By "Dashboard: Panel", as queries are called. */
function panelOf({ where }: Query): Pick<Panel, "description"> {
  const named = ({ title, panels = [] }: Dashboard) =>
    panels.map((panel) => ({ name: `${title}: ${panel.title}`, panel }));
  const all = services.flatMap((service) => service.dashboards).flatMap(named);
  const found = all.find(({ name }) => name === where);
  if (!found) throw new Error(`no panel ${where}`);
  return found.panel as Panel;
}
