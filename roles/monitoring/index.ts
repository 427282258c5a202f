import { defineRole, directory, type Site } from "../../engine/index.ts";
import { addressOf, endpoint, provenance } from "../endpoints.ts";
import { imageSupportNotes, tagged } from "../versions.ts";
import { dockerResources } from "./docker.ts";
import { grafanaResources } from "./grafana.ts";
import { passwordResource } from "./grafana-password.ts";
import { root } from "./paths.ts";
import { prometheusResources, prometheusRuns } from "./prometheus.ts";
import { settingsOf, type Vars } from "./settings.ts";
import { gates, stackResource } from "./stack.ts";
import { storeGates, storeResources } from "./stores.ts";
import { tempoUpgradeGate } from "./tempo-upgrade.ts";
import { monitoringVars } from "./vars.ts";

/** Grafana, Loki, Prometheus and Tempo in containers, wired to the app hosts of the inventory. */
export const monitoring = defineRole({
  name: "monitoring",
  vars: monitoringVars,
  resources(vars, facts, site) {
    checkPorts(vars);
    const settings = settingsOf(vars, facts, site);
    return [
      ...dockerResources(vars, facts),
      tempoUpgradeGate(settings),
      directory({ path: root }),
      ...grafanaResources(vars),
      ...storeResources(settings),
      ...prometheusResources(settings, site),
      stackResource(settings),
      ...gates(settings),
      ...storeGates(settings),
      prometheusRuns(settings, site),
      passwordResource(settings),
    ];
  },
  notes: (vars, _facts, site) => [
    `Grafana: ${grafanaUrl(vars, site)} (user ${vars.grafana_admin_user})`,
    ...provenance(imagesOf(vars).map(tagged), site),
    // The date decides what is said, never what is done.
    ...imageSupportNotes(imagesOf(vars), new Date()),
  ],
});

function grafanaUrl({ grafana_url, grafana_port }: Vars, { host }: Site): string {
  const address = addressOf(host);
  return grafana_url ?? `http://${grafana_port === 80 ? address : endpoint(address, grafana_port)}`;
}

function imagesOf({ grafana_image, loki_image, prometheus_image, tempo_image }: Vars): readonly string[] {
  return [grafana_image, loki_image, prometheus_image, tempo_image];
}

/** Two services on one port would be found by Docker, but only after it has stopped what ran before. */
function checkPorts(vars: Vars): void {
  const names = [
    "grafana_port",
    "loki_port",
    "otlp_grpc_port",
    "otlp_http_port",
    "tempo_port",
    "prometheus_port",
  ] as const;
  for (const [index, name] of names.entries()) {
    const other = names.slice(0, index).find((other) => vars[other] === vars[name] && vars[name] !== undefined);
    if (other) throw new Error(`${other} and ${name} are both ${vars[name]}: a port can be published once`);
  }
}
