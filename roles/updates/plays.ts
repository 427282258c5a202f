import {
  defineRole,
  type Facts,
  type HostVars,
  type Inquiry,
  type Play,
  type Resource,
  reboot,
  rebootReasons,
  type Schema,
  type Site,
  sh,
  upgrade,
  VarError,
} from "hostwright";
import { servicesOf } from "../app/services.ts";
import { appVars } from "../app/vars.ts";
import { answers } from "../application/answers.ts";
import { applicationVars } from "../application/vars.ts";
import { groups, varsOfHost } from "../hosts.ts";
import { membersOf, planned } from "../monitoring/stack.ts";
import { monitoringVars } from "../monitoring/vars.ts";
import { DOCKER_DATA } from "../paths.ts";

/** Hosts that are updated in the same way. */
interface Kind {
  readonly what: string;
  readonly hosts: string;
  readonly consults?: string;
  readonly vars: Schema;
  readonly measures: readonly string[];
  /** What has to hold again before the next host is touched. */
  gates(site: Site, facts: Facts): readonly Resource[];
}

/** In this order: until its own turn the monitoring host sees what happens to the others. */
const kinds: readonly Kind[] = [
  { what: "app hosts", hosts: groups.app, vars: appVars, measures: [], gates: appGates },
  {
    what: "monitoring host",
    hosts: groups.monitoring,
    consults: groups.app,
    vars: monitoringVars,
    measures: [DOCKER_DATA],
    gates: (site, facts) =>
      membersOf(site, facts)
        .map(planned)
        .flatMap(({ gates }) => gates),
  },
];

/** Plays that bring all packages of all hosts up to date, and with `--reboot` reboot hosts that want it: one host after the other, until one is not well. */
export const updatePlays: readonly Play[] = [
  ...kinds.map((kind) => oneByOne(kind, "packages", () => [upgrade({ of: "all packages" })])),
  ...kinds.map((kind) => ({ ...oneByOne(kind, "reboot", rebooted), flag: "reboot" })),
];

function rebooted(site: Site): readonly Resource[] {
  refuseLocal(site);
  return [reboot({ when: "required" })];
}

function refuseLocal({ host }: Site): void {
  if (host.vars.ansible_connection !== "local") return;
  const expected = "ssh: a run does not outlive the reboot of its own machine";
  throw new VarError("ansible_connection", { found: "local", expected }, host.name);
}

function oneByOne(
  { what, hosts, consults, vars, measures, gates }: Kind,
  name: string,
  resources: (site: Site) => readonly Resource[],
): Play {
  return {
    name: `${name}: ${what}`,
    hosts,
    ...(consults !== undefined && { consults }),
    roles: [defineRole({ name, vars, measures, resources: (_vars, _facts, site) => resources(site) })],
    serial: 1,
    anyErrorsFatal: true,
    after: gates,
  };
}

function appGates(site: Site): readonly Resource[] {
  return [...servicesOf(site).flatMap((service) => service.gates(site)), ...applicationOf(site.host)];
}

function applicationOf(host: HostVars): readonly Resource[] {
  const vars = varsOfHost(applicationVars, host);
  return vars.app_service ? [answers(vars.app_service, vars)] : [];
}

/** What is left to do by hand, or with `--reboot`: hosts that want a reboot, and units that failed. */
export const afterUpdates: Inquiry = {
  name: "after updates",
  hosts: `${groups.app}:${groups.monitoring}`,
  async asks({ sites, ask, note }) {
    await Promise.all(
      sites.map(async ({ host: { name } }) => {
        const [reasons, failed] = await ask(name, [
          rebootReasons,
          sh`systemctl list-units --failed --plain --no-legend | while read -r unit _; do echo "$unit"; done`,
        ]);
        const wanted = linesOf(reasons?.stdout).map((line) => line.replace(/^kernel (\S+) /, "kernel $1 → "));
        if (wanted.length > 0)
          note(
            name,
            `${name} wants a reboot (${wanted.join("; ")}): npx zx playbooks/update.mts --limit ${name} --reboot`,
          );
        const units = linesOf(failed?.stdout);
        if (units.length > 0) note(name, `${name}: failed units: ${units.join(", ")}`);
      }),
    );
    return undefined;
  },
};

function linesOf(text = ""): readonly string[] {
  return text.split("\n").filter((line) => line !== "");
}
