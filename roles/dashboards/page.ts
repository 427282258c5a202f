import type { Dashboard, Panel } from "../dashboard.ts";
import { metricSources } from "./metrics.ts";
import { emptyUnlessOf } from "./panels.ts";

const HEAD = `# Dashboards

Made by \`npm run generate\` from the services' \`dashboard.ts\`: edit those. In Grafana they are
in folder Hostwright and cannot be saved: copy one to change it there. Grafana sees a changed file within half a minute,
without a restart. Each but Runs chooses by \`environment\`, most by \`host\` too, and leads to the others with the chosen values kept.
Loki's graphs need Grafana 10.1 (\`$__auto\`); \`roles/versions.ts\` pins a newer one.

## Pictures

\`\`\`
GRAFANA_PASSWORD=… npm run pictures -- --url https://grafana.example.com --out pictures
\`\`\`

makes one picture of each dashboard, \`overview.png\` and so on, from a Grafana that has them: by Playwright, on Debian's Chromium
(\`apt install chromium\`; \`CHROMIUM\` names another program). \`GRAFANA_USER\` is \`admin\` unless told, \`--from\` is \`now-1h\`. For each
it says how many panels have no data. Nothing is downloaded, and the password is in no argument.

There are none here: where this page was made no Grafana could be had, and none are made up. A stand-in, such as the lab has in
Grafana's place, draws nothing: the program refuses it before the first picture.

## What is counted

- A **failed request** is one that was answered with 500 or more, whether or not the application handled the failure. Metrics have it by
  \`status\`; of a trace it is \`outcome="SERVER_ERROR"\`, since a handled failure leaves the span without an error.
- **No failure is 0**, and an application that nobody asked has 0 requests. "No data" means that nothing was read.
- **Scrapes and health checks are no requests**: Prometheus forgets the series of \`app_metrics_path\` and \`app_health_path\` as it reads them,
  so that every dashboard, alert and query of your own is right. The paths are the ones that Micrometer's label \`uri\` has: with
  a \`server.servlet.context-path\` it lacks that part, and these requests are counted. How traces leave them out is in [spring-boot.md](spring-boot.md).
- **A rate begins with a series' second value**: graphs of a rate do not show the very first failure of a kind. Numbers and alerts do.
- **Discarded log entries**: Loki refuses what comes too fast (429), and the agents send it again until it is taken. Only other
  reasons lose entries; only those are in the number and in the alert.
- **Entries by level**: entries that say no level are counted as \`none\`.

## Runs are marked

Every dashboard has a purple mark where a run of \`playbooks/site.mts\`, \`update.mts\` or \`restore.mts\` changed a host or failed; its text says by whom, at which commit, and what was
changed on each host: so a change and its effect stand in one picture. Switch it off above the panels ("Runs"). Dashboard Runs has their outcome, duration and changes.

- When a run is over, the monitoring host sends one entry to its own Loki: stream \`{job="hostwright", playbook="playbooks/site.mts", outcome="changed"}\` (\`failed\`, \`in_sync\`), with \`duration_seconds\`, \`changes\`,
  \`run\`, \`operator\` and \`commit\` beside it. Graphs and alerts of your own ask for these, as in \`max_over_time({job="hostwright"} | unwrap duration_seconds [1d])\`. Secrets are masked in it, as in every report.
- Why Loki: a run is an event. Prometheus reads what stays, and what is pushed to it is stale after five minutes; Grafana's own annotations want its administrator's password at each run, and have no numbers.
- Runs in which all is in sync are not told, since they would cost one exec more: \`run_marks: all\` tells them too, \`run_marks: none\` none. Check mode tells nothing. A run that was interrupted is not told.
- With \`--limit\` the monitoring host is asked for this all the same, and nothing else is done there. Where it does not answer, the recap says so, and the run is as good as it was.

## What has no data, and why

These panels are empty also while the application is used, unless what they need is there; \`test/e2e/panels.test.ts\` asks the lab's
Prometheus for all others that it answers. Traces are chosen by environment only if the application says its own as the resource attribute
\`deployment.environment\`; "All" shows the others too.

`;

/** The text of docs/dashboards.md. */
export function dashboardsPage(dashboards: readonly Dashboard[]): string {
  return `${[`${HEAD}${needs(dashboards)}`, ...dashboards.map(section), metricsSection()].join("\n")}`;
}

function needs(dashboards: readonly Dashboard[]): string {
  const rows = dashboards.flatMap(({ title, panels }) =>
    panels.flatMap((panel) => {
      const reason = emptyUnlessOf(panel);
      return reason === undefined ? [] : [`| ${title}: ${panel.title} | ${cell(reason)} |`];
    }),
  );
  return ["| panel | needs that |", "| --- | --- |", ...rows, ""].join("\n");
}

function section({ title, uid, description, panels }: Dashboard): string {
  const rows = panels.map((panel) =>
    panel.type === "row"
      ? `| **${panel.title}** | | |`
      : `| ${panel.title} | ${kindOf(panel)} | ${cell(panel.description ?? "")} |`,
  );
  return `## ${title}

${description} Its uid is \`${uid}\`.

| panel | kind | what it shows |
| --- | --- | --- |
${rows.join("\n")}
`;
}

function metricsSection(): string {
  const sources = metricSources.map(
    ({ from, metrics }) =>
      `- ${from}: ${Object.keys(metrics)
        .map((name) => `\`${name}\``)
        .join(", ")}`,
  );
  return `## Metrics

All that dashboards and alert rules use; a test says so. Prometheus adds \`job\`, \`instance\`, \`environment\` and \`host\`.

${sources.join("\n")}
`;
}

function kindOf({ type }: Panel): string {
  const kinds: Readonly<Record<string, string>> = { timeseries: "graph", stat: "number", nodeGraph: "service graph" };
  return kinds[type] ?? type;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
