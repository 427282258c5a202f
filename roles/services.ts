import { hostServices } from "./app/services.ts";
import { containers } from "./monitoring/services.ts";
import type { Service } from "./service.ts";

/** All services, whatever a host has of them: what Grafana shows does not come and go with a host's vars. */
export const services: readonly Service[] = [...containers, ...hostServices];
