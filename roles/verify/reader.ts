import type { Script, VarsOf } from "hostwright";
import { reachableAt } from "../monitoring/paths.ts";
import type { monitoringVars } from "../monitoring/vars.ts";
import { get } from "./http.ts";

type Vars = VarsOf<typeof monitoringVars> & { readonly publish_address: string };

/** The fixed uids of Grafana's data sources. */
export type Source = "loki" | "prometheus" | "tempo";

/** Where the monitoring host itself reaches what it publishes. */
export function ownUrl({ publish_address }: Pick<Vars, "publish_address">, port: number): string {
  return `http://${reachableAt(publish_address)}:${port}`;
}

/** Script that asks Grafana's API as its administrator. */
export function askGrafana(vars: Vars, path: string, query: Readonly<Record<string, string>> = {}): Script {
  const login = [vars.grafana_admin_user, vars.grafana_admin_password] as const;
  return get({ url: `${ownUrl(vars, vars.grafana_port)}${path}`, query, login, timeoutSeconds: 10 });
}

/** Script that asks a data source through Grafana, as a dashboard does. */
export function through(
  vars: Vars,
  source: Source,
  path: string,
  query: Readonly<Record<string, string>> = {},
): Script {
  return askGrafana(vars, `/api/datasources/proxy/uid/${source}${path}`, query);
}

/** Script that asks a data source itself, past Grafana. */
export function directly(
  vars: Vars,
  source: Source,
  path: string,
  query: Readonly<Record<string, string>> = {},
): Script {
  const ports = { loki: ownUrl(vars, vars.loki_port), ...loopback(vars) };
  return get({ url: `${ports[source]}${path}`, query, timeoutSeconds: 10 });
}

function loopback({ prometheus_port, tempo_port }: Vars) {
  return { prometheus: `http://127.0.0.1:${prometheus_port}`, tempo: `http://127.0.0.1:${tempo_port}` };
}
