import type { Script } from "hostwright";
import { get } from "./http.ts";
import type { Monitoring } from "./subject.ts";

/** The fixed uids of Grafana's data sources. */
export type Source = "loki" | "prometheus" | "tempo";

/** Script that asks Grafana's API as its administrator. */
export function askGrafana(to: Monitoring, path: string, query: Readonly<Record<string, string>> = {}): Script {
  const login = [to.vars.grafana_admin_user, to.vars.grafana_admin_password] as const;
  return get({ url: `${to.grafanaUrl}${path}`, query, login, timeoutSeconds: 10 });
}

/** Script that asks a data source through Grafana, as a dashboard does. */
export function through(
  to: Monitoring,
  source: Source,
  path: string,
  query: Readonly<Record<string, string>> = {},
): Script {
  return askGrafana(to, `/api/datasources/proxy/uid/${source}${path}`, query);
}

/** Script that asks a data source itself, past Grafana. */
export function directly(
  { vars, address }: Monitoring,
  source: Source,
  path: string,
  query: Readonly<Record<string, string>> = {},
): Script {
  const urls = {
    loki: `http://${address}:${vars.loki_port}`,
    prometheus: `http://127.0.0.1:${vars.prometheus_port}`,
    tempo: `http://127.0.0.1:${vars.tempo_port}`,
  };
  return get({ url: `${urls[source]}${path}`, query, timeoutSeconds: 10 });
}
