import { type HostVars, VarError, type VarsOf } from "hostwright";
import { publishAddressOf } from "./publish-address.ts";
import type { monitoringVars } from "./vars.ts";

type Vars = Pick<
  VarsOf<typeof monitoringVars>,
  | "gateway"
  | "publish_address"
  | "grafana_port"
  | "loki_port"
  | "otlp_grpc_port"
  | "otlp_http_port"
  | "tempo_port"
  | "prometheus_port"
>;

/** A port of the monitoring host that leads to a container. */
export interface Publication {
  readonly service: "gateway" | "grafana" | "loki" | "tempo" | "prometheus";
  readonly what: string;
  readonly address: string;
  readonly port: number;
  /** The var that decides the port; none where it is fixed. */
  readonly setBy: string | undefined;
  readonly tls: boolean;
  /** How whoever connects has to identify; undefined where nobody has to. */
  readonly login: string | undefined;
}

const LOOPBACK = "127.0.0.1";
/** Where Grafana is on the host itself once the gateway has taken its port. */
const GRAFANA_BEHIND_GATEWAY = 3000;

/**
 * The vars that everything but the gateway goes by: behind a gateway Grafana and Loki are published on the host itself
 * only, for the role's own conditions. Throws where nothing says on which address.
 */
export function behindGateway<V extends Pick<Vars, "gateway" | "publish_address" | "grafana_port">>(
  vars: V,
  host: HostVars,
): V & { readonly publish_address: string } {
  if (!vars.gateway) return { ...vars, publish_address: publishAddressOf(vars, host) };
  const taken = vars.grafana_port === 80 || vars.grafana_port === 443;
  return {
    ...vars,
    publish_address: LOOPBACK,
    grafana_port: taken ? GRAFANA_BEHIND_GATEWAY : vars.grafana_port,
  };
}

/** Every port that containers are published on, as the vars of the inventory have it. */
export function publications(vars: Vars, host: HostVars): readonly Publication[] {
  const { gateway, otlp_grpc_port, otlp_http_port } = vars;
  const { publish_address: address, grafana_port, loki_port, tempo_port, prometheus_port } = behindGateway(vars, host);
  const open = { tls: false, login: undefined };
  return [
    ...(gateway ? gatewayPublications(publishAddressOf(vars, host)) : []),
    {
      ...open,
      service: "grafana",
      what: "Grafana",
      address,
      port: grafana_port,
      setBy: "grafana_port",
      login: "Grafana's own login",
    },
    { ...open, service: "loki", what: "Loki: push and query", address, port: loki_port, setBy: "loki_port" },
    ...(gateway ? [] : tracePublications(address, otlp_grpc_port, otlp_http_port)),
    { ...open, service: "tempo", what: "Tempo: query", address: LOOPBACK, port: tempo_port, setBy: "tempo_port" },
    {
      ...open,
      service: "prometheus",
      what: "Prometheus",
      address: LOOPBACK,
      port: prometheus_port,
      setBy: "prometheus_port",
    },
  ];
}

function gatewayPublications(address: string): readonly Publication[] {
  const common = { service: "gateway", address, setBy: undefined } as const;
  return [
    { ...common, what: "gateway: redirect to 443", port: 80, tls: false, login: "nothing but a redirect" },
    {
      ...common,
      what: "gateway: Grafana, push of logs and traces",
      port: 443,
      tls: true,
      login: "Grafana's own login; a user and password for each environment",
    },
  ];
}

function tracePublications(address: string, grpcPort: number, httpPort: number | undefined): readonly Publication[] {
  const common = { service: "tempo", address, tls: false, login: undefined } as const;
  const grpc = { ...common, what: "OTLP over gRPC: push of traces", port: grpcPort, setBy: "otlp_grpc_port" };
  if (httpPort === undefined) return [grpc];
  return [grpc, { ...common, what: "OTLP over HTTP: push of traces", port: httpPort, setBy: "otlp_http_port" }];
}

/** Throws on two publications that cannot be held at once: Docker would find out after it stopped what ran before. */
export function checkPublications(vars: Vars, host: HostVars): void {
  const all = publications(vars, host);
  for (const [index, one] of all.entries()) {
    const other = all.slice(0, index).find(({ port }) => port === one.port);
    if (!other) continue;
    const [a, b] = [other, one].map(({ setBy, what }) => setBy ?? what);
    const text = `found that ${a} and ${b} are both ${one.port}, expected two: a port can be published once`;
    const variables = [one.setBy, other.setBy].filter((name) => name !== undefined);
    throw new VarError([variables[0] ?? "gateway", ...variables.slice(1)], text);
  }
}
