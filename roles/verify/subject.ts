import type { Site, VarsOf } from "hostwright";
import { applicationVars } from "../application/vars.ts";
import { type PushLogin, pushLogin } from "../gateway/login.ts";
import { ownGrafanaUrl } from "../grafana/address.ts";
import { grafanaVars } from "../grafana/vars.ts";
import { groups, varsOfHost } from "../hosts.ts";
import { logAgentVars } from "../log-agent/vars.ts";
import { pushUrl } from "../loki/push.ts";
import { lokiVars } from "../loki/vars.ts";
import { nodeExporterVars } from "../node-exporter/vars.ts";
import { prometheusVars } from "../prometheus/vars.ts";
import { publishedOn, reachableAt } from "../publish.ts";
import { otlpUrl } from "../tempo/push.ts";
import { tempoVars } from "../tempo/vars.ts";
import { type LogEntry, logEntry } from "./entry.ts";
import { newTrace, type Trace } from "./otlp.ts";
import type { Transport } from "./send.ts";

const sending = { ...nodeExporterVars, ...applicationVars, ...logAgentVars };
const storing = { ...grafanaVars, ...lokiVars, ...tempoVars, ...prometheusVars };

/** The monitoring host, as it is asked from itself. */
export interface Monitoring {
  readonly host: string;
  readonly vars: VarsOf<typeof storing>;
  /** Where it reaches what it publishes. */
  readonly address: string;
  readonly grafanaUrl: string;
}

/** A trace on its way. */
export interface Sending {
  readonly transport: Transport;
  readonly url: string;
  readonly trace: Trace;
  /** Who sends, where a gateway asks. */
  readonly login?: PushLogin | undefined;
}

/** An app host, and what is sent from it in this proof. */
export interface Subject {
  readonly host: string;
  readonly site: Site;
  readonly vars: VarsOf<typeof sending>;
  /** The monitoring host. */
  readonly to: Monitoring;
  readonly pushUrl: string;
  /** Why there is none, where it is a text. */
  readonly entry: LogEntry | string;
  readonly sendings: readonly Sending[];
}

/** Returns what is to be proven of an app host. `id` is this proof's own, of letters. Throws on vars that do not fit. */
export function subjectOf(site: Site, id: string, nowMs: number): Subject {
  const { host } = site;
  const vars = varsOfHost(sending, host);
  const [monitoring] = site.hosts(groups.monitoring);
  if (!monitoring) throw new Error(`group ${groups.monitoring}: found no host, expected the one to prove`);
  const to = {
    host: monitoring.name,
    vars: varsOfHost(storing, monitoring),
    address: reachableAt(publishedOn(monitoring)),
    grafanaUrl: ownGrafanaUrl(monitoring),
  };
  const trace = () => newTrace({ host: host.name, environment: vars.environment }, nowMs);
  const login = pushLogin(vars, site);
  const sendings: Sending[] = [{ transport: "gRPC", url: otlpUrl(site), trace: trace(), login }];
  const { otlp_http_port: port } = to.vars;
  if (login) sendings.push({ transport: "HTTP", url: otlpUrl(site), trace: trace(), login });
  else if (port !== undefined) sendings.push({ transport: "HTTP", url: withPort(otlpUrl(site), port), trace: trace() });
  const entry = logEntry(vars, id, sendings.at(-1)?.trace.id ?? "");
  return { host: host.name, site, vars, to, pushUrl: pushUrl(site), entry, sendings };
}

/** Whether what carries this name in the lab is not the real program. */
export function isStandIn({ site }: Pick<Subject, "site">, name: string): boolean {
  return /stand-in/.test(site.releases[name.replace(/@.*$/, "")]?.source ?? "");
}

function withPort(url: string, port: number): string {
  const changed = new URL(url);
  changed.port = String(port);
  return changed.href.replace(/\/$/, "");
}
