import type { HostVars, Site } from "hostwright";
import { gatewayUrl } from "../gateway/site.ts";
import { addressOf, endpoint, varsOfHost } from "../hosts.ts";
import { hasGateway, publishedOn, reachableAt } from "../publish.ts";
import { grafanaVars } from "./vars.ts";

const addressVars = { grafana_port: grafanaVars.grafana_port, grafana_url: grafanaVars.grafana_url };

/** Where Grafana is on the host itself once the gateway has taken its port. */
const BEHIND_GATEWAY = 3000;
const GATEWAY_PORTS = [80, 443];

/** The port on which Grafana is published. */
export function grafanaPort(host: HostVars): number {
  const { grafana_port: port } = varsOfHost(addressVars, host);
  return hasGateway(host) && GATEWAY_PORTS.includes(port) ? BEHIND_GATEWAY : port;
}

/** Where the monitoring host itself reaches Grafana. */
export function ownGrafanaUrl(host: HostVars): string {
  return `http://${reachableAt(publishedOn(host))}:${grafanaPort(host)}`;
}

/** What people type, as far as the vars or the gateway say; undefined where it is the host's address. */
export function namedUrl(site: Site): string | undefined {
  return varsOfHost(addressVars, site.host).grafana_url ?? gatewayUrl(site);
}

/** What people type to open Grafana. */
export function grafanaUrl(site: Site): string {
  const { grafana_port: port } = varsOfHost(addressVars, site.host);
  const address = addressOf(site.host);
  return namedUrl(site) ?? `http://${port === 80 ? address : endpoint(address, port)}`;
}
