import type { Play, Proof } from "../../engine/index.ts";
import { gatewayOf, groups } from "../endpoints.ts";
import { readCaCertificate } from "../monitoring/gateway.ts";

/** A play that reads the certificate of the gateway's CA, and the vars in which plays after it find it. */
export interface GatewayCa {
  readonly play: Play;
  readonly vars: Readonly<Record<string, unknown>>;
}

/**
 * The certificate goes from the monitoring host to the app hosts over the two SSH connections of the run, whose host keys
 * are known: fetched from the gateway itself, nothing would prove whose it is. Without a gateway, or with a certificate
 * that all trust, no host is asked.
 */
export function gatewayCa(): GatewayCa {
  const found: { gateway_ca?: string } = {};
  const proof: Proof = async ({ sites, ask, tell }) => {
    const wanting = sites.filter((site) => gatewayOf(site)?.ownCa && site.host.vars.gateway_ca === undefined);
    const monitoring = wanting[0]?.hosts(groups.monitoring)[0];
    if (!monitoring) return;
    const [said] = await ask(monitoring.name, [readCaCertificate]).catch(() => []);
    if (said?.status === 0 && said.stdout.includes("BEGIN CERTIFICATE")) {
      found.gateway_ca = said.stdout;
      return;
    }
    const text = `${monitoring.name} has no certificate of the gateway's CA yet`;
    for (const { host } of wanting) tell(host.name, { name: "gateway", outcome: "unproven", text });
  };
  const play = { name: "gateway's certificate", hosts: groups.app, roles: [], consults: groups.monitoring, proof };
  return { play, vars: found };
}
