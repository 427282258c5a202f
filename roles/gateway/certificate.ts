import type { Asker, Inquiry } from "hostwright";
import { groups } from "../hosts.ts";
import { readCaCertificate } from "./index.ts";
import { gatewayOf } from "./site.ts";

/**
 * Reads the certificate of the gateway's CA, as `gateway_ca` for the plays behind it. It goes from the monitoring host to the
 * app hosts over the two SSH connections of the run, whose host keys are known: fetched from the gateway itself, nothing would
 * prove whose it is. Without a gateway, or with a certificate that all trust, no host is asked.
 */
export const gatewayCa: Inquiry = {
  name: "gateway's certificate",
  hosts: groups.app,
  consults: groups.monitoring,
  asks: readCertificate,
};

async function readCertificate({ sites, ask, tell }: Asker): Promise<{ gateway_ca: string } | undefined> {
  const wanting = sites.filter((site) => gatewayOf(site)?.ownCa && site.host.vars.gateway_ca === undefined);
  const monitoring = wanting[0]?.hosts(groups.monitoring)[0];
  if (!monitoring) return undefined;
  const [said] = await ask(monitoring.name, [readCaCertificate]).catch(() => []);
  if (said?.status === 0 && said.stdout.includes("BEGIN CERTIFICATE")) return { gateway_ca: said.stdout };
  const text = `${monitoring.name} has no certificate of the gateway's CA yet`;
  for (const { host } of wanting) tell(host.name, { name: "gateway", outcome: "unproven", text });
  return undefined;
}
