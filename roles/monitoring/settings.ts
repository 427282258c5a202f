import { diskOf, type Facts, type Site, type VarsOf } from "hostwright";
import { gatewayUrl } from "../endpoints.ts";
import { tagged } from "../versions.ts";
import { type Budget, budgetOf } from "./budget.ts";
import { DOCKER_DATA } from "./paths.ts";
import { publishAddressOf } from "./publish-address.ts";
import { behindGateway } from "./published.ts";
import { lokiConfig, type StoreConfig, tempoConfig } from "./stores.ts";
import type { monitoringVars } from "./vars.ts";

export type Vars = VarsOf<typeof monitoringVars>;

/** The role's vars, with images as this site has them, and what the host has room for. */
export type Sizes = Vars & {
  /** Where Grafana, Loki and OTLP are published; behind a gateway, the host itself. */
  readonly publish_address: string;
  readonly budget: Budget;
  /** Where the gateway is published, if there is one. */
  readonly gateway_address: string;
};

/** The same, with the configurations that several resources need. */
export type Settings = Sizes & { readonly loki: StoreConfig; readonly tempo: StoreConfig };

/** Returns what the role works with. Throws where the host is too small. */
export function settingsOf(vars: Vars, facts: Facts, site: Site): Settings {
  const sizes = sizesOf(vars, facts, site);
  return { ...sizes, loki: lokiConfig(sizes), tempo: tempoConfig(sizes) };
}

function sizesOf(vars: Vars, facts: Facts, site: Site): Sizes {
  return {
    ...behindGateway(vars, site.host),
    gateway_address: publishAddressOf(vars, site.host),
    grafana_url: vars.grafana_url ?? (vars.gateway ? gatewayUrl(site) : undefined),
    gateway_image: imageAt(vars.gateway_image, site),
    grafana_image: imageAt(vars.grafana_image, site),
    loki_image: imageAt(vars.loki_image, site),
    prometheus_image: imageAt(vars.prometheus_image, site),
    tempo_image: imageAt(vars.tempo_image, site),
    budget: budgetOf(
      { memoryBytes: facts.memoryBytes, diskBytes: diskOf(facts, DOCKER_DATA).bytes },
      {
        memoryMb: {
          grafana: vars.grafana_memory_mb,
          loki: vars.loki_memory_mb,
          prometheus: vars.prometheus_memory_mb,
          tempo: vars.tempo_memory_mb,
        },
        gateway: vars.gateway,
        dataDiskGb: vars.data_disk_gb,
        logsMbPerDay: vars.logs_mb_per_day,
        tracesMbPerDay: vars.traces_mb_per_day,
        lokiRetentionHours: vars.loki_retention_hours,
        tempoRetentionHours: vars.tempo_retention_hours,
        prometheusRetentionMb: vars.prometheus_retention_size_mb,
      },
    ),
  };
}

/** Whoever serves another image under this name (a lab: its lock file says so) has another digest. */
function imageAt(image: string, { releases }: Site): string {
  const source = releases[tagged(image)]?.source ?? "upstream";
  return source === "upstream" ? image : tagged(image);
}
