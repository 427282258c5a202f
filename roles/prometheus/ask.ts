import type { HostVars, Said, Script } from "hostwright";
import { answerOf, get, jsonOf } from "../curl.ts";
import { through } from "../grafana/ask.ts";
import { varsOfHost } from "../hosts.ts";
import { containerRuns, type Hop, isReady } from "../proof.ts";
import { LOOPBACK } from "../publish.ts";
import { prometheusVars } from "./vars.ts";

const portVars = { prometheus_port: prometheusVars.prometheus_port };

/** Script for the monitoring host that asks a PromQL query through Grafana, as a dashboard does. */
export function askPrometheus(monitoring: HostVars, query: string): Script {
  return through(monitoring, "prometheus", "/api/v1/query", { query });
}

/** What Prometheus answers to an instant query, as rows of labels and a value. */
export function rowsOf(
  said: Said,
): readonly { readonly metric: Readonly<Record<string, string>>; readonly value: string }[] {
  interface Vector {
    readonly data?: {
      readonly result?: readonly {
        readonly metric: Readonly<Record<string, string>>;
        readonly value: readonly [number, string];
      }[];
    };
  }
  const answer = answerOf(said);
  const rows = answer.code === 200 ? (jsonOf<Vector>(answer)?.data?.result ?? []) : [];
  return rows.map(({ metric, value }) => ({ metric, value: value[1] }));
}

/** Script for the monitoring host that asks Prometheus itself. */
export function askDirectly(monitoring: HostVars, path: string, query: Readonly<Record<string, string>> = {}): Script {
  return get({ url: `http://${LOOPBACK}:${varsOfHost(portVars, monitoring).prometheus_port}${path}`, query });
}

/** Prometheus runs, and answers. */
export function prometheusIsThere(monitoring: HostVars): readonly Hop[] {
  const { name } = monitoring;
  return [containerRuns(name, "prometheus"), isReady(name, "prometheus", askDirectly(monitoring, "/-/ready"))];
}
