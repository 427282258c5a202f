import type { Site } from "hostwright";
import { gatewayOf } from "../gateway/site.ts";
import { addressOf, bracketed, endpoint, monitoringHost, varsOfHost } from "../hosts.ts";
import { lokiVars } from "./vars.ts";

const pushVars = { loki_port: lokiVars.loki_port };

/** How much older than the newest of its stream an entry may be for Loki to take it: an agent that was away sends it late. */
export const TAKEN_BACK_HOURS = 7 * 24;

/**
 * Why Loki refuses what it may take later: it answers 429, and the agents send the same again until it is taken. For every
 * other reason an entry that is refused is lost.
 */
export const SENT_AGAIN = "rate_limited|per_stream_rate_limit|stream_limit";

/** Where agents push logs. */
export function pushUrl(site: Site): string {
  const host = monitoringHost(site);
  const gateway = gatewayOf(site);
  if (gateway) return `https://${bracketed(gateway.name)}/loki/api/v1/push`;
  return `http://${endpoint(addressOf(host), varsOfHost(pushVars, host).loki_port)}/loki/api/v1/push`;
}
