import type { Said, Sites, Tool } from "hostwright";
import { appVars } from "../app/vars.ts";
import { groups } from "../hosts.ts";
import { monitoringVars } from "../monitoring/vars.ts";
import { askHost, parseHost } from "../preflight/host.ts";
import { exposures } from "./exposures.ts";
import { type Comparison, compare, exposureText } from "./text.ts";

const HELP = `usage: npx zx playbooks/exposure.mts [-i FILE] [-e VARS] [--json] [--probe]

Prints every port that the roles publish: its address, whether it has TLS and a login, and who can reach it. Contacts no host;
with --probe it also asks each host what listens there, and names what is not ours.`;

/** What the hosts of an inventory let others reach. */
export const exposure: Tool = {
  help: HELP,
  flags: ["probe"],
  reads: [monitoringVars, appVars],
  async run({ sites, json, flags, ask }) {
    const ports = exposures(sites);
    const said = flags.has("probe") ? await ask(`${groups.monitoring}:${groups.app}`, askHost()) : undefined;
    const hosts = said && comparisons(sites, said);
    return json ? JSON.stringify({ ports, hosts }) : exposureText(ports, hosts);
  },
};

function comparisons(sites: Sites, said: ReadonlyMap<string, Said>): readonly Comparison[] {
  const expected = exposures(sites);
  return [...said].map(([host, { stdout }]) => {
    const { listeners, ownPorts: published } = parseHost(stdout);
    return compare(host, expected, { ...(listeners ? { listeners } : {}), published });
  });
}
