import type { Host, Inventory } from "../inventory/inventory.ts";
import { selectPlayHosts } from "../inventory/pattern.ts";
import {
  measuresOf,
  type Play,
  type Playbook,
  type PlayResult,
  type Reader,
  readersOf,
  schemasOfPlay,
} from "../role/playbook.ts";
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

/** Hosts and who reads their vars, over all plays; a host has an entry for each play. */
export function readersIn(all: readonly Assignment[]): readonly (readonly [Host, readonly Reader[]])[] {
  return all.flatMap(({ play, hosts }) => hosts.map((host) => [host, readersOf(play)] as const));
}

/** What a playbook reads of its hosts, whatever the inventory: schemas of vars, and folders whose disks are facts. */
export async function readIn(
  playbook: Playbook,
): Promise<{ readonly schemas: readonly Schema[]; readonly measures: readonly string[] }> {
  const plays = await playsOf(playbook);
  const once = <T>(all: readonly T[]): readonly T[] => [...new Set(all)];
  return { schemas: once(plays.flatMap(schemasOfPlay)), measures: once(plays.flatMap(measuresOf)) };
}

/** The flags that plays of this playbook wait for, each once. */
export async function flagsOf(playbook: Playbook): Promise<readonly string[]> {
  return [...new Set((await playsOf(playbook)).flatMap(({ flag }) => flag ?? []))];
}

/** The hosts that these plays ask besides their own. */
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
