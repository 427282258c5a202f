import type { Container } from "../container.ts";
import { gateway } from "../gateway/index.ts";
import { grafana } from "../grafana/index.ts";
import { loki } from "../loki/index.ts";
import { prometheus } from "../prometheus/index.ts";
import { tempo } from "../tempo/index.ts";

/** The services of the monitoring host, in the order of the Compose file. */
export const containers: readonly Container[] = [grafana, loki, prometheus, tempo, gateway];
