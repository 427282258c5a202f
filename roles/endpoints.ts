import { type HostVars, readVars, type Schema, type Site, type Text, VarError, type VarsOf } from "hostwright";
import { appVars } from "./app/vars.ts";
import { monitoringVars } from "./monitoring/vars.ts";

/** The groups that the roles know each other by. */
export const groups = { monitoring: "monitoring", app: "app" } as const;

/** Who Prometheus is to node_exporter, where that asks. */
export const METRICS_USER = "prometheus";

/** What Prometheus has to know of an app host. */
export interface ScrapeTarget {
  readonly host: string;
  readonly environment: string;
  /** `address:port` of node_exporter. */
  readonly os: string;
  /** node_exporter wants TLS and this password; undefined where it wants neither. */
  readonly password: Text | undefined;
  /** `address:port` of the application's metrics. */
  readonly app: string;
  readonly path: string;
  readonly scheme: "http" | "https";
  readonly verifyTls: boolean;
}

/** The app hosts of one environment, in inventory order. */
export interface Environment {
  readonly name: string;
  readonly targets: readonly ScrapeTarget[];
}

const { loki_port, otlp_grpc_port, gateway, gateway_domain, gateway_acme_email } = monitoringVars;
const { environment, node_exporter_port, node_exporter_tls, metrics_password } = appVars;
const { app_metrics_port, app_metrics_path, app_metrics_scheme, app_metrics_tls_verify } = appVars;
const metricsVars = { app_metrics_port, app_metrics_path, app_metrics_scheme, app_metrics_tls_verify };

/** How other hosts reach this one. Throws where that can only be the host itself. */
export function addressOf({ name, vars }: HostVars): string {
  const { address, host, ansible_host } = vars;
  const known = Object.entries({ address, host, ansible_host }).find(
    ([, one]) => typeof one === "string" && one !== "",
  );
  const [variable, value] = known ?? ["address", name];
  const text = String(value);
  if (/^(localhost|127\..*|::1)$/.test(text)) {
    const expected = 'expected one that they reach: set its var "address"';
    throw new VarError(variable, `found the address ${text}, which other hosts cannot reach, ${expected}`, name);
  }
  return text;
}

/** Whether the inventory has a monitoring host, for logs and traces to be sent to. */
export function hasMonitoring(site: Site): boolean {
  return site.hosts(groups.monitoring).length > 0;
}

/** The gateway in front of the monitoring host's services. */
export interface Gateway {
  /** A name or an address. */
  readonly name: string;
  /** Its certificate is of a CA of its own, which nobody trusts unless told. */
  readonly ownCa: boolean;
}

/** The gateway that hosts of this site push to; undefined where there is none. */
export function gatewayOf(site: Site): Gateway | undefined {
  if (!hasMonitoring(site)) return undefined;
  const host = monitoringHost(site);
  const vars = varsOfHost({ gateway, gateway_domain, gateway_acme_email }, host);
  if (!vars.gateway) return undefined;
  return { name: vars.gateway_domain ?? addressOf(host), ownCa: vars.gateway_acme_email === undefined };
}

/** Where people open what is behind the gateway; undefined where there is none. */
export function gatewayUrl(site: Site): string | undefined {
  const gateway = gatewayOf(site);
  return gateway && `https://${bracketed(gateway.name)}`;
}

/** Where Promtail pushes logs. */
export function pushUrl(site: Site): string {
  const host = monitoringHost(site);
  const gateway = gatewayOf(site);
  if (gateway) return `https://${bracketed(gateway.name)}/loki/api/v1/push`;
  const { loki_port: port } = varsOfHost({ loki_port }, host);
  return `http://${endpoint(addressOf(host), port)}/loki/api/v1/push`;
}

/** Where applications send traces, OTLP over gRPC. */
export function otlpUrl(site: Site): string {
  const host = monitoringHost(site);
  const gateway = gatewayOf(site);
  if (gateway) return `https://${endpoint(gateway.name, 443)}`;
  const { otlp_grpc_port: port } = varsOfHost({ otlp_grpc_port }, host);
  return `http://${endpoint(addressOf(host), port)}`;
}

/** What Prometheus reads, by environment; environments in the order in which the inventory names them first. */
export function environments(site: Site): readonly Environment[] {
  const targets = site.hosts(groups.app).map(scrapeTarget);
  const names = [...new Set(targets.map((target) => target.environment))];
  return names.map((name) => ({ name, targets: targets.filter((target) => target.environment === name) }));
}

/** `address:port`, with the brackets that an IPv6 address needs. */
export function endpoint(address: string, port: number): string {
  return `${bracketed(address)}:${port}`;
}

/** An address as a URL has it. */
export function bracketed(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

/** A line for each of these images or archives that is not what upstream published under that name: a lab's stand-in. */
export function provenance(names: readonly string[], { releases }: Site): readonly string[] {
  return names.flatMap((name) => {
    const source = releases[name]?.source ?? "upstream";
    return source === "upstream" || source.startsWith("https://") ? [] : [`${name} is ${source}`];
  });
}

function scrapeTarget(host: HostVars): ScrapeTarget {
  const exporterVars = { node_exporter_port, node_exporter_tls, metrics_password };
  const vars = varsOfHost({ environment, ...exporterVars, ...metricsVars }, host);
  const address = addressOf(host);
  return {
    host: host.name,
    environment: vars.environment,
    os: endpoint(address, vars.node_exporter_port),
    password: vars.node_exporter_tls ? vars.metrics_password : undefined,
    app: endpoint(address, vars.app_metrics_port),
    path: vars.app_metrics_path,
    scheme: vars.app_metrics_scheme,
    verifyTls: vars.app_metrics_tls_verify,
  };
}

function monitoringHost(site: Site): HostVars {
  const [host, ...others] = site.hosts(groups.monitoring);
  if (host && others.length === 0) return host;
  const found = host ? [host, ...others].map(({ name }) => name).join(", ") : "none";
  throw new Error(
    `group ${groups.monitoring}: found ${found}, expected exactly one host: app hosts send it logs and traces`,
  );
}

/** Another host's vars are checked when that host is planned; here only those that matter to this one. */
function varsOfHost<S extends Schema>(schema: S, host: HostVars): VarsOf<S> {
  const reading = readVars(schema, host.vars);
  if ("value" in reading) return reading.value;
  const problems = reading.errors.map(({ instancePath, message }) => `${instancePath.slice(1)} ${message}`.trim());
  throw new Error(`host ${host.name}: ${problems.join("; ")}`);
}
