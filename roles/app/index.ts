import { defineRole, type HostVars, pkg, type Site } from "hostwright";
import { groups, hasMonitoring } from "../hosts.ts";
import { listeningOf } from "../monitoring/stack.ts";
import { checkPorts } from "../ports.ts";
import { programNotes, wantedReleases } from "../programs.ts";
import { provenance } from "../versions.ts";
import { hostServices, servicesOf, unitNames } from "./services.ts";
import { appVars } from "./vars.ts";

/** The services of a host that runs the application. */
export const app = defineRole({
  name: "app",
  vars: appVars,
  resources(_vars, facts, site) {
    checkOwnPorts(site.host);
    const services = servicesOf(site);
    return [
      // curl fetches releases and asks for readiness, unzip opens the agent's, acl opens the logs to the agent.
      pkg({ name: ["acl", "ca-certificates", "curl", "unzip"] }),
      ...services.flatMap((service) => service.resources(site, facts)),
      ...services.flatMap((service) => service.gates(site)),
    ];
  },
  handlers: (_vars, { host }) => Object.assign({}, ...hostServices.map(({ handlers }) => handlers(host))),
  notes: (_vars, facts, site) => [
    // The date decides what is said, never what is done.
    ...programsOf(site).flatMap((program) => programNotes(program, facts, site, new Date())),
    ...provenance(unitNames(servicesOf(site), site.host), site),
    ...(hasMonitoring(site) ? [] : [nowhere(site)]),
  ],
  releases: (_vars, facts, site) => wantedReleases(programsOf(site), facts, site),
});

function nowhere(site: Site): string {
  const names = servicesOf(site).map(({ name }) => name);
  return `This inventory has no host in group ${groups.monitoring}: app hosts get ${names.join(", ")} only, their logs and traces are left as they are`;
}

function programsOf(site: Site) {
  return servicesOf(site).flatMap((service) => service.program(site.host) ?? []);
}

/** A host that is the monitoring host as well has its ports too. */
function checkOwnPorts(host: HostVars): void {
  const own = hostServices.filter(({ isOn }) => isOn(host)).flatMap(({ listens }) => listens(host));
  const others = host.groups.includes(groups.monitoring) ? listeningOf(host) : [];
  checkPorts([...others, ...own], own, "one host has each port once");
}
