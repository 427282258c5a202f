import type { Said, Sites, Survey } from "hostwright";
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
export const exposureSurvey: Survey = {
  help: HELP,
  reads: [monitoringVars, appVars],
  hosts: `${groups.monitoring}:${groups.app}`,
  question: askHost(),
  text: (sites, said) => exposureText(exposures(sites), comparisons(sites, said)),
  data: (sites, said) => ({ ports: exposures(sites), hosts: comparisons(sites, said) }),
};

function comparisons(sites: Sites, said: ReadonlyMap<string, Said> | undefined): readonly Comparison[] | undefined {
  if (!said) return undefined;
  const expected = exposures(sites);
  return [...said].map(([host, { stdout }]) => {
    const { listeners, ownPorts: published } = parseHost(stdout);
    return compare(host, expected, { ...(listeners ? { listeners } : {}), published });
  });
}
