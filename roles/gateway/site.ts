import type { Site } from "hostwright";
import { addressOf, bracketed, hasMonitoring, monitoringHost, varsOfHost } from "../hosts.ts";
import { gatewayVars } from "./vars.ts";

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
  const vars = varsOfHost(gatewayVars, host);
  if (!vars.gateway) return undefined;
  return { name: vars.gateway_domain ?? addressOf(host), ownCa: vars.gateway_acme_email === undefined };
}

/** Where people open what is behind the gateway; undefined where there is none. */
export function gatewayUrl(site: Site): string | undefined {
  const gateway = gatewayOf(site);
  return gateway && `https://${bracketed(gateway.name)}`;
}
