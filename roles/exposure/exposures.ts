import { type HostVars, readVars, type Schema, type Sites, type VarsOf } from "hostwright";
import { appVars } from "../app/vars.ts";
import { groups } from "../endpoints.ts";
import { publications } from "../monitoring/published.ts";
import { monitoringVars } from "../monitoring/vars.ts";

/** A port that something of ours, or the application that we scrape, listens on. */
export interface Exposure {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly what: string;
  readonly tls: boolean;
  /** How whoever connects has to identify; undefined where nobody has to. */
  readonly login: string | undefined;
  readonly reach: "host" | "address" | "everyone";
  /** What decides that it is so: a var, and whether the inventory or the role's default says it. */
  readonly because: string;
  /** Anyone who gets there is let in. */
  readonly isOpen: boolean;
}

/** Every published port of the hosts, from their vars alone. Throws on vars that do not fit. */
export function exposures(sites: Sites): readonly Exposure[] {
  return [...sites.hosts(groups.monitoring).flatMap(ofMonitoring), ...sites.hosts(groups.app).flatMap(ofApp)];
}

function ofMonitoring(host: HostVars): readonly Exposure[] {
  const vars = read(monitoringVars, host);
  return publications(vars, host).map(({ address, port, what, tls, login, setBy }) =>
    exposure(host, { address, port, what, tls, login, because: saidBy(host, setBy ?? "gateway", port) }),
  );
}

function ofApp(host: HostVars): readonly Exposure[] {
  const vars = read(appVars, host);
  const at = (name: "node_exporter_port" | "promtail_port" | "alloy_port" | "app_metrics_port") => ({
    port: vars[name],
    because: saidBy(host, name, vars[name]),
  });
  const open = { tls: false, login: undefined };
  return [
    exposure(host, {
      ...at("node_exporter_port"),
      tls: vars.node_exporter_tls,
      login: vars.node_exporter_tls ? "Prometheus' user and password" : undefined,
      address: "0.0.0.0",
      what: "node_exporter",
    }),
    exposure(host, { ...open, ...at(`${vars.log_agent}_port`), address: "127.0.0.1", what: vars.log_agent }),
    exposure(host, {
      ...open,
      ...at("app_metrics_port"),
      tls: vars.app_metrics_scheme === "https",
      address: "0.0.0.0",
      what: `the application's metrics at ${vars.app_metrics_path}`,
    }),
  ];
}

function exposure(
  { name: host }: HostVars,
  found: Pick<Exposure, "address" | "port" | "what" | "tls" | "login" | "because">,
): Exposure {
  const reach = reachOf(found.address);
  return { host, ...found, reach, isOpen: reach !== "host" && found.login === undefined };
}

function reachOf(address: string): Exposure["reach"] {
  if (/^(127\.|::1$)/.test(address)) return "host";
  return address === "0.0.0.0" || address === "::" ? "everyone" : "address";
}

function saidBy({ vars }: HostVars, name: string, value: number): string {
  if (name === "gateway") return "gateway: true";
  return `${name}: ${value}${vars[name] === undefined ? " (the role's default)" : ""}`;
}

/** Who gets to a port, in words. */
export function reachedBy({ reach, address }: Pick<Exposure, "reach" | "address">): string {
  if (reach === "host") return "the host itself";
  return reach === "everyone" ? "whoever the network lets" : `whoever reaches ${address}`;
}

function read<S extends Schema>(schema: S, { name, vars }: HostVars): VarsOf<S> {
  const reading = readVars(schema, vars);
  if ("value" in reading) return reading.value;
  const problems = reading.errors.map(({ instancePath, message }) => `${instancePath.slice(1)} ${message}`.trim());
  throw new Error(`host ${name}: ${problems.join("; ")}`);
}
