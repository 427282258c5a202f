import type { Site } from "hostwright";
import { hostServices, unitNames } from "../app/services.ts";
import { monitoringHost } from "../hosts.ts";
import { containersOf } from "../monitoring/stack.ts";
import { metricsProofs } from "../prometheus/proof.ts";
import type { Occasion, Proof } from "../proof.ts";
import { unproven } from "../proof.ts";
import { tagged } from "../versions.ts";

/** Returns what is to be proven of an app host: what its services and those of the monitoring host say. */
export function proofsOf(site: Site, occasion: Occasion): readonly Proof[] {
  const services = hostServices.filter(({ isOn }) => isOn(site.host));
  const containers = containersOf(monitoringHost(site));
  const all = [
    ...services.flatMap((service) => service.proofs?.(site, occasion) ?? metricsProofs(service, site)),
    ...containers.flatMap((container) => container.proofs?.(site, occasion) ?? []),
  ];
  return all.map((proof) => lacking(site, proof) ?? proof);
}

/** What a site has in the place of upstream's own, or of the application, may lack something: its lock file says so. */
function lacking(site: Site, { name }: Proof): Proof | undefined {
  const own = hostServices.filter(({ isOn }) => isOn(site.host));
  const found = [...incomplete(site), ...instead(unitNames(own, site.host), site)].find(({ lacks }) =>
    lacks.includes(name),
  );
  return found && unproven(name, `${found.name} is ${found.source}, and has none`);
}

/** A line that says what was proven with something else than upstream's own programs, and whose these are: `--limit` may leave that host out. */
export function provenWith(site: Site): readonly string[] {
  const names = incomplete(site).map(({ name, source }) => `${name} (${source})`);
  const whose = `those of ${monitoringHost(site).name}`;
  return names.length === 0
    ? []
    : [`Not proven, that upstream's own programs do the same as ${whose}: ${names.join(", ")}`];
}

/** The images in use that are not upstream's own, and what each has not. */
function incomplete(site: Site) {
  const monitoring = monitoringHost(site);
  return instead(
    containersOf(monitoring).map((container) => tagged(container.image(monitoring))),
    site,
  );
}

function instead(names: readonly string[], { releases }: Site) {
  return names.flatMap((name) => {
    const { source, lacks } = releases[name] ?? {};
    return lacks ? [{ name, source, lacks }] : [];
  });
}
