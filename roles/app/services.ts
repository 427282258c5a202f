import { alloy } from "../alloy/index.ts";
import { application } from "../application/index.ts";
import { nodeExporter } from "../node-exporter/index.ts";
import { processExporter } from "../process-exporter/index.ts";
import { promtail } from "../promtail/index.ts";
import type { HostService } from "../service.ts";

/** The services of app hosts, in the order in which they are set up. */
export const hostServices: readonly HostService[] = [nodeExporter, processExporter, application, promtail, alloy];
