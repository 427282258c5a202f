import { defineRole, directory, type Site, type VarsOf } from "../../engine/index.ts";
import { addressOf, endpoint, provenance } from "../endpoints.ts";
import { dockerResources } from "./docker.ts";
import { grafanaResources } from "./grafana.ts";
import { passwordResource } from "./grafana-password.ts";
import { root } from "./paths.ts";
import { prometheusResources, RELOAD, reloadPrometheus } from "./prometheus.ts";
import { gates, stackResource, storeResources } from "./stack.ts";
import { monitoringVars } from "./vars.ts";

type Vars = VarsOf<typeof monitoringVars>;

/** Grafana, Loki, Prometheus and Tempo in containers, wired to the app hosts of the inventory. */
export const monitoring = defineRole({
  name: "monitoring",
  vars: monitoringVars,
  resources(vars, facts, site) {
    checkPorts(vars);
    return [
      ...dockerResources(vars, facts),
      directory({ path: root }),
      ...grafanaResources(vars),
      ...storeResources(vars),
      ...prometheusResources(vars, site),
      stackResource(vars),
      ...gates(vars),
      passwordResource(vars),
    ];
  },
  handlers: (vars) => ({ [RELOAD]: reloadPrometheus(vars) }),
  notes: (vars, _facts, site) => [
    `Grafana: ${grafanaUrl(vars, site)} (user ${vars.grafana_admin_user})`,
    ...provenance(imagesOf(vars), site),
  ],
});

function grafanaUrl({ grafana_url, grafana_port }: Vars, { host }: Site): string {
  const address = addressOf(host);
  return grafana_url ?? `http://${grafana_port === 80 ? address : endpoint(address, grafana_port)}`;
}

function imagesOf({ grafana_image, loki_image, prometheus_image, tempo_image }: Vars): readonly string[] {
  return [grafana_image, loki_image, prometheus_image, tempo_image].map((image) => image.replace(/@.*$/, ""));
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
