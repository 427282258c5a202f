import { defineRole, directory, type HostVars, type Resource, type Script, type Site, trusted } from "hostwright";
import { grafanaUrl } from "../grafana/address.ts";
import { grafanaVars } from "../grafana/vars.ts";
import { environments, varsOfHost } from "../hosts.ts";
import { DOCKER_DATA, root } from "../paths.ts";
import { folder } from "../prometheus/files.ts";
import { checkOwnAddress, publishAddressOf } from "../publish.ts";
import { checkKeys } from "../s3.ts";
import { imageSupportNotes, provenance, tagged } from "../versions.ts";
import { backupResources } from "./backup.ts";
import { dockerResources } from "./docker.ts";
import { ownership } from "./ownership.ts";
import { containers } from "./services.ts";
import { checkPublications, containersOf, membersOf, planned, stackResource } from "./stack.ts";
import { monitoringVars } from "./vars.ts";

/** The stack in containers, wired to the app hosts of the inventory. */
export const monitoring = defineRole({
  name: "monitoring",
  vars: monitoringVars,
  measures: [DOCKER_DATA],
  resources(_vars, facts, site) {
    const { host } = site;
    checkPublications(host);
    checkKeys(
      host,
      Object.keys(monitoringVars).filter((name) => name.endsWith("_s3_bucket")),
    );
    checkOwnAddress(publishAddressOf(host), host, facts.addresses);
    const members = membersOf(site, facts).map(planned);
    return [
      ...dockerResources(host, facts),
      ...members.flatMap(({ before }) => before ?? []),
      directory({ path: root }),
      ...owned(site),
      ...members.flatMap(({ resources }) => resources),
      ...members.flatMap(({ beforeCompose }) => beforeCompose ?? []),
      stackResource(members, host),
      ...members.flatMap(({ gates }) => gates),
      ...members.flatMap(({ runsConfig }) => runsConfig ?? []),
      ...backupResources(site),
    ];
  },
  notes: (_vars, _facts, site) => [
    `Grafana: ${grafanaUrl(site)} (user ${varsOfHost(USER, site.host).grafana_admin_user})`,
    ...provenance(imagesOf(site.host).map(tagged), site),
    // The date decides what is said, never what is done.
    ...imageSupportNotes(imagesOf(site.host), new Date()),
  ],
});

const USER = { grafana_admin_user: grafanaVars.grafana_admin_user };

/** Whose the environments are, which comes before any file of theirs; those of containers that are off are forgotten too. */
function owned(site: Site): readonly Resource[] {
  const files = (environment: Script) => {
    const all = containers.flatMap(({ environmentFiles }) => environmentFiles?.(environment) ?? []);
    return trusted(all.map(({ text }) => text).join(" "));
  };
  const tags = ["prometheus"];
  const names = environments(site).map(({ name }) => name);
  return [directory({ path: folder }, { tags }), ...ownership({ folder, environments: names, files, tags }, site)];
}

function imagesOf(host: HostVars): readonly string[] {
  return containersOf(host).map(({ image }) => image(host));
}
