import { defineRole, directory, type Site } from "hostwright";
import { addressOf, endpoint, gatewayUrl, provenance } from "../endpoints.ts";
import { imageSupportNotes, tagged } from "../versions.ts";
import { dockerResources } from "./docker.ts";
import { gatewayGates, gatewayResources, gatewayService } from "./gateway.ts";
import { grafanaResources } from "./grafana.ts";
import { passwordResource } from "./grafana-password.ts";
import { DOCKER_DATA, root } from "./paths.ts";
import { prometheusResources, prometheusRuns } from "./prometheus.ts";
import { checkOwnAddress, publishAddressOf } from "./publish-address.ts";
import { checkPublications } from "./published.ts";
import { settingsOf, type Vars } from "./settings.ts";
import { gates, stackResource } from "./stack.ts";
import { checkBuckets } from "./storage.ts";
import { storeGates, storeResources } from "./stores.ts";
import { tempoUpgradeGate } from "./tempo-upgrade.ts";
import { monitoringVars } from "./vars.ts";

/** Grafana, Loki, Prometheus and Tempo in containers, wired to the app hosts of the inventory. */
export const monitoring = defineRole({
  name: "monitoring",
  vars: monitoringVars,
  measures: [DOCKER_DATA],
  resources(vars, facts, site) {
    checkPublications(vars, site.host);
    checkOwnAddress(publishAddressOf(vars, site.host), site.host, facts.addresses);
    checkBuckets(vars);
    const settings = settingsOf(vars, facts, site);
    return [
      ...dockerResources(vars, facts),
      tempoUpgradeGate(settings),
      directory({ path: root }),
      ...grafanaResources(vars),
      ...storeResources(settings),
      ...prometheusResources(settings, site),
      ...gatewayResources(settings, site),
      stackResource(settings, gatewayService(settings, site)),
      ...gates(settings),
      ...gatewayGates(settings, site),
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

function grafanaUrl({ grafana_url, grafana_port }: Vars, site: Site): string {
  const address = addressOf(site.host);
  return grafana_url ?? gatewayUrl(site) ?? `http://${grafana_port === 80 ? address : endpoint(address, grafana_port)}`;
}

function imagesOf(vars: Vars): readonly string[] {
  const { grafana_image, loki_image, prometheus_image, tempo_image, gateway, gateway_image } = vars;
  return [grafana_image, loki_image, prometheus_image, tempo_image, ...(gateway ? [gateway_image] : [])];
}
