import t from "tap";
import { parse } from "yaml";
import type { HostVars } from "../../../engine/index.ts";
import { composeTextOf, monitoringPlan, sizedFacts } from "../plans.ts";
import { appHost, filesOf } from "../site.ts";

const apps = [
  appHost("dev-1", "dev", { address: "192.0.2.21", node_exporter_port: 443 }),
  appHost("prod-1", "prod", { address: "192.0.2.31", app_metrics_scheme: "https", app_metrics_tls_verify: false }),
];
const GB = 1024 ** 3;

/** What differs from the first, which is shown whole. */
const combinations: readonly { name: string; vars?: HostVars["vars"]; memoryGb?: number; diskGb?: number }[] = [
  { name: "defaults on 2 GB" },
  { name: "1 GB of memory, 11 GB of disk", memoryGb: 1, diskGb: 11 },
  { name: "8 GB of memory, 100 GB of disk", memoryGb: 8, diskGb: 100 },
  { name: "Tempo 2", vars: { tempo_image: "grafana/tempo:2.10.8", otlp_http_port: 4318 } },
  {
    name: "Prometheus 2, Loki 3.7",
    vars: { prometheus_image: "prom/prometheus:v2.53.3", loki_image: "grafana/loki:3.7.6" },
  },
  {
    name: "published on one address, other ports, OTLP over HTTP",
    vars: {
      publish_address: "192.0.2.10",
      grafana_port: 8000,
      loki_port: 3100,
      otlp_grpc_port: 4317,
      otlp_http_port: 4318,
    },
  },
  {
    name: "limits and retention by vars",
    vars: {
      loki_memory_mb: 400,
      loki_retention_hours: 48,
      tempo_retention_hours: 12,
      prometheus_retention_days: 3,
      prometheus_retention_size_mb: 1024,
      scrape_interval_seconds: 5,
    },
  },
  {
    name: "a URL with a dollar sign, mirrors, larger logs",
    vars: {
      grafana_url: "https://grafana.example/$path",
      docker_registry_mirrors: ["https://mirror.example"],
      docker_log_max_size: "50m",
      docker_log_max_files: 5,
    },
  },
];

/** Dashboards, alerts and data sources have tests of their own. */
const shown = /^\/(etc\/docker|opt\/monitoring\/(loki|tempo|prometheus|compose))/;

function render({ vars = {}, memoryGb = 2, diskGb = 20 }: (typeof combinations)[number]): Map<string, string> {
  const { resources } = monitoringPlan(vars, apps, sizedFacts(memoryGb * GB, diskGb * GB));
  // Grafana's files are none of these: their hash would change with every dashboard.
  const compose = composeTextOf(resources).replaceAll(/(hostwright\.config:) "[0-9a-f]{64}"/g, '$1 "(hash)"');
  const files = [...filesOf(resources), ["/opt/monitoring/compose.yaml", compose] as const];
  return new Map(files.filter(([path]) => shown.test(path)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Lines of a text that are not in another, and the other way round. */
function difference(before: string, after: string): string {
  const [old, now] = [before.split("\n"), after.split("\n")];
  const minus = old.filter((line) => !now.includes(line)).map((line) => `- ${line}`);
  return [...minus, ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`)].join("\n");
}

const defaults = render({ name: "" });

for (const [index, combination] of combinations.entries()) {
  t.test(`configurations: ${combination.name}`, async (t) => {
    const files = index === 0 ? defaults : render(combination);
    for (const [path, text] of files) t.doesNotThrow(() => parse(text, { merge: true }), path);
    const snapshot = [...files].flatMap(([path, text]) => {
      const body = index === 0 ? text : difference(defaults.get(path) ?? "", text);
      return body === "" ? [] : [`=== ${path}\n${body.trimEnd()}`];
    });
    t.matchSnapshot(snapshot.join("\n"), "reviewed");
  });
}
