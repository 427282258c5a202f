import { type HostVars, readVars, type Schema, type Site, type VarsOf } from "hostwright";
import { type PushLogin, pushLogin } from "../app/gateway.ts";
import { appVars } from "../app/vars.ts";
import { groups, otlpUrl, pushUrl } from "../endpoints.ts";
import { behindGateway } from "../monitoring/published.ts";
import { monitoringVars } from "../monitoring/vars.ts";
import { type LogEntry, logEntry } from "./entry.ts";
import { newTrace, type Trace } from "./otlp.ts";
import type { Transport } from "./send.ts";

export type AppVars = VarsOf<typeof appVars>;
export type MonitoringVars = VarsOf<typeof monitoringVars> & { readonly publish_address: string };

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
  readonly vars: AppVars;
  /** The monitoring host. */
  readonly to: { readonly host: string; readonly vars: MonitoringVars };
  readonly pushUrl: string;
  /** Why there is none, where it is a text. */
  readonly entry: LogEntry | string;
  readonly sendings: readonly Sending[];
}

/** Returns what is to be proven of an app host. `id` is this proof's own, of letters. Throws on vars that do not fit. */
export function subjectOf(site: Site, id: string, nowMs: number): Subject {
  const { host } = site;
  const vars = read(appVars, host);
  const [monitoring] = site.hosts(groups.monitoring);
  if (!monitoring) throw new Error(`group ${groups.monitoring}: found no host, expected the one to prove`);
  const to = { host: monitoring.name, vars: behindGateway(read(monitoringVars, monitoring), monitoring) };
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

function read<S extends Schema>(schema: S, host: HostVars): VarsOf<S> {
  const reading = readVars(schema, host.vars);
  if ("value" in reading) return reading.value;
  const problems = reading.errors.map(({ instancePath, message }) => `${instancePath.slice(1)} ${message}`.trim());
  throw new Error(`host ${host.name}: ${problems.join("; ")}`);
}
