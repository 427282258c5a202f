import type { HostVars } from "hostwright";
import { alloy } from "../alloy/index.ts";
import { application } from "../application/index.ts";
import { nodeExporter } from "../node-exporter/index.ts";
import { processExporter } from "../process-exporter/index.ts";
import { promtail } from "../promtail/index.ts";
import type { HostService } from "../service.ts";

/** The services of app hosts, in the order in which they are set up. */
export const hostServices: readonly HostService[] = [nodeExporter, processExporter, application, promtail, alloy];

/** By these names a site's lock file says of one host that something runs there in the place of a service's real unit. */
export function unitNames(services: readonly HostService[], host: HostVars): readonly string[] {
  return services.flatMap((service) => {
    const unit = service.unit(host);
    return unit === undefined ? [] : [`${host.name}: ${unit}`];
  });
}
