import type { Host, Inventory } from "../inventory/inventory.ts";
import { selectPlayHosts } from "../inventory/pattern.ts";
import type { Play, Playbook, PlayResult } from "../role/playbook.ts";
import type { Role } from "../role/role.ts";
import type { Schema } from "../role/schema.ts";
import { playHosts, withPlayVars } from "./play-hosts.ts";

/** A play with its hosts within the limit, play vars merged in. */
export interface Assignment {
  readonly play: Play;
  readonly hosts: readonly Host[];
}

/**
 * Returns the plays of a playbook with their hosts, contacting none. A playbook that is a function is asked with a runner on
 * which everything succeeds, so plays that it runs only after a failure are not among them.
 */
export async function assignments(
  playbook: Playbook,
  inventory: Inventory,
  limit: string | undefined,
): Promise<readonly Assignment[]> {
  return (await playsOf(playbook)).map((play) => ({
    play,
    hosts: playHosts(play, inventory, limit).map((host) => withPlayVars(host, play)),
  }));
}

/** Hosts and the roles that they get, over all plays; a host has an entry for each play. */
export function rolesOf(all: readonly Assignment[]): readonly (readonly [Host, readonly Role[]])[] {
  return all.flatMap(({ play, hosts }) => hosts.map((host) => [host, play.roles] as const));
}

/** The roles of all plays of a playbook, each once. */
export async function rolesIn(playbook: Playbook): Promise<readonly Role[]> {
  return [...new Set((await playsOf(playbook)).flatMap(({ roles }) => roles))];
}

/** The schemas of these roles' vars. */
export function schemasOf(roles: readonly Role[]): readonly Schema[] {
  return roles.map(({ schema }) => schema);
}

/** The flags that plays of this playbook wait for, each once. */
export async function flagsOf(playbook: Playbook): Promise<readonly string[]> {
  return [...new Set((await playsOf(playbook)).flatMap(({ flag }) => flag ?? []))];
}

/** The hosts that proofs of these plays ask besides their own. */
export function consulted(all: readonly Assignment[], inventory: Inventory): readonly Host[] {
  const names = all.flatMap(({ play }) => (play.consults ? selectPlayHosts(inventory, play.consults) : []));
  return [...new Set(names)].flatMap((name) => inventory.hosts.get(name) ?? []);
}

async function playsOf(playbook: Playbook): Promise<readonly Play[]> {
  if (typeof playbook !== "function") return playbook;
  const plays: Play[] = [];
  const nothing: PlayResult = { ok: [], changed: [], failed: [], unreachable: [], skipped: [] };
  await playbook({
    async play(play) {
      plays.push(play);
      return nothing;
    },
  });
  return plays;
}
