import type { Site } from "hostwright";
import { gatewayOf } from "../gateway/site.ts";
import { addressOf, bracketed, endpoint, monitoringHost, varsOfHost } from "../hosts.ts";
import { lokiVars } from "./vars.ts";

const pushVars = { loki_port: lokiVars.loki_port };

/** Where agents push logs. */
export function pushUrl(site: Site): string {
  const host = monitoringHost(site);
  const gateway = gatewayOf(site);
  if (gateway) return `https://${bracketed(gateway.name)}/loki/api/v1/push`;
  return `http://${endpoint(addressOf(host), varsOfHost(pushVars, host).loki_port)}/loki/api/v1/push`;
}
