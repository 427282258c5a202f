import type { Host } from "../inventory/inventory.ts";
import type { Resource } from "../resource/resource.ts";

/** What a run saw on one machine, over all plays: what roles describe there, and of which resources this scope made something. */
export interface Managed {
  readonly resources: Set<Resource>;
  readonly made: Set<string>;
}

/** Adds what a look saw on a machine. */
export function noteManaged(
  all: Map<Host, Managed>,
  host: Host,
  resources: readonly Resource[],
  made: readonly string[],
): void {
  const known = all.get(host) ?? { resources: new Set(), made: new Set() };
  all.set(host, known);
  for (const one of resources) known.resources.add(one);
  for (const key of made) known.made.add(key);
}
