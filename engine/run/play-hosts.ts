import type { Host, Inventory } from "../inventory/inventory.ts";
import { selectHosts, selectPlayHosts } from "../inventory/pattern.ts";
import type { Play, Vars } from "../role/playbook.ts";

/** Returns the hosts of a play within the limit, with the play's vars. Throws `InventoryError` on a pattern that names nothing. */
export function playHosts(play: Play, inventory: Inventory, pattern: string | undefined): readonly Host[] {
  const allowed = pattern === undefined ? undefined : new Set(selectHosts(inventory, pattern));
  const names = selectPlayHosts(inventory, play.hosts).filter((name) => allowed?.has(name) ?? true);
  return names.flatMap((name) => inventory.hosts.get(name) ?? []);
}

/** The host's vars with those of the play, and those that earlier plays learned; they lose only to `-e`. */
export function withPlayVars(host: Host, play: Play, learned: Vars = {}): Host {
  const isExtra = (name: string) => host.sources(name).at(-1)?.level === "-e";
  const added = Object.entries({ ...learned, ...play.vars }).filter(([name]) => !isExtra(name));
  if (added.length === 0) return host;
  const names = new Set(added.map(([name]) => name));
  const inPlay = { file: `vars of play "${nameOf(play)}"`, line: 0, column: 0 };
  return {
    ...host,
    vars: { ...host.vars, ...Object.fromEntries(added) } as Host["vars"],
    place: (path, part) => (names.has(String(path[0])) ? inPlay : host.place(path, part)),
  };
}

/** What reports call a play. */
export function nameOf(play: Play): string {
  return play.name ?? play.hosts;
}
