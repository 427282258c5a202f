import type { Dashboard, Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { metricSources } from "./metrics.ts";

const HEAD = `# Dashboards

Made by \`npm run generate\` from the services' \`dashboard.ts\`: edit those. In Grafana they are
in folder Hostwright and cannot be saved: copy one to change it there. Grafana sees a changed file within half a minute,
without a restart. Each chooses by \`environment\`, most by \`host\` too, and leads to the others with the chosen values kept.

Not shown here are pictures: they need a Grafana, and where this page was made there was none.

What has no data, and why:

- **95th percentile** and its exemplars: the application exports histograms only with
  \`management.metrics.distribution.percentiles-histogram.http.server.requests=true\`.
- **Tomcat's threads**: only with \`server.tomcat.mbeanregistry.enabled=true\`.
- **Traces and service graph**: only for applications that send traces (\`tracing_enable\`); chosen by environment only if they say
  theirs as the resource attribute \`deployment.environment\`. "All" shows the others too.
- **Entries by level**: entries that are not JSON have none.
`;

/** The text of docs/dashboards.md. */
export function dashboardsPage(dashboards: readonly Dashboard[]): string {
  return `${[HEAD, ...dashboards.map(section), metricsSection()].join("\n")}`;
}

function section({ title, uid, description, panels = [] }: Dashboard): string {
  const rows = panels.map((panel) =>
    panel.type === "row"
      ? `| **${panel.title}** | | |`
      : `| ${panel.title} | ${kindOf(panel as Panel)} | ${cell((panel as Panel).description ?? "")} |`,
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
