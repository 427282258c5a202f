import type { Site } from "hostwright";
import { gatewayOf } from "../gateway/site.ts";
import { addressOf, endpoint, monitoringHost, varsOfHost } from "../hosts.ts";
import { tempoVars } from "./vars.ts";

const pushVars = { otlp_grpc_port: tempoVars.otlp_grpc_port };

/** Where applications send traces, OTLP over gRPC. */
export function otlpUrl(site: Site): string {
  const host = monitoringHost(site);
  const gateway = gatewayOf(site);
  if (gateway) return `https://${endpoint(gateway.name, 443)}`;
  return `http://${endpoint(addressOf(host), varsOfHost(pushVars, host).otlp_grpc_port)}`;
}
