import type { HostVars, Site } from "hostwright";
import { alloy } from "../alloy/index.ts";
import { application } from "../application/index.ts";
import { hasMonitoring } from "../hosts.ts";
import { nodeExporter } from "../node-exporter/index.ts";
import { processExporter } from "../process-exporter/index.ts";
import { promtail } from "../promtail/index.ts";
import type { HostService } from "../service.ts";

/** The services of app hosts, in the order in which they are set up. */
export const hostServices: readonly HostService[] = [nodeExporter, processExporter, application, promtail, alloy];

/** Without a monitoring host there is nowhere to send logs and traces: what a host has for that is left as it is. */
export function servicesOf(site: Site): readonly HostService[] {
  return hostServices.filter(({ isOn, sends }) => isOn(site.host) && (hasMonitoring(site) || !sends));
}

/** By these names a site's lock file says of one host that something runs there in the place of a service's real unit. */
export function unitNames(services: readonly HostService[], host: HostVars): readonly string[] {
  return services.flatMap((service) => {
    const unit = service.unit(host);
    return unit === undefined ? [] : [`${host.name}: ${unit}`];
  });
}
