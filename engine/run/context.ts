import type { Limit } from "../connection/limit.ts";
import type { FactsMemory } from "../facts/memory.ts";
import type { Host, Inventory } from "../inventory/inventory.ts";
import type { Announcement } from "../role/announcement.ts";
import type { Play } from "../role/playbook.ts";
import type { LockedRelease, Site, WantedRelease } from "../role/role.ts";
import type { Phase } from "./event.ts";
import type { HostRun } from "./host-run.ts";
import type { Operation, StatePaths } from "./host-state.ts";
import type { Managed } from "./managed.ts";
import { withPlayVars } from "./play-hosts.ts";
import type { Scope } from "./record.ts";
import type { Said } from "./said.ts";
import type { Selection } from "./selection.ts";
import type { PoolPorts, SessionPool } from "./session-pool.ts";

type Releases = Readonly<Record<string, LockedRelease>>;

/** How to run plays. */
export interface RunOptions extends Selection {
  readonly check: boolean;
  /** A pattern; hosts outside of it are not contacted. */
  readonly limit: string | undefined;
  readonly forks: number;
  /** Those of plays (`flag`) that the command line has. */
  readonly flags?: ReadonlySet<string>;
  readonly lockWaitSeconds: number;
  /** For how long a host is waited for that went away; 0 is not at all. */
  readonly reconnectSeconds: number;
  readonly operation: Operation;
  /** What the inventory files are called in every checkout; as the user named them unless given. */
  readonly inventoryNames?: readonly string[];
  /** Asked when a host was reached: what nobody can be reached for need not be known. */
  releases(host: Host, wanted: readonly WantedRelease[]): Promise<Releases>;
  /** Where the engine keeps its state on hosts. */
  readonly paths: StatePaths;
  /** The plays of the run, where they are known before: hosts are looked at for all of them at once. */
  readonly plays?: readonly Play[];
  /** Told of the run once it is over. */
  readonly announcement?: Announcement | undefined;
}

/** What a run needs from outside. */
export interface RunPorts extends PoolPorts {
  /** Ends the run: hosts are left where they are. */
  readonly signal?: AbortSignal | undefined;
  /** Unless given, facts come first and questions after them. */
  readonly facts?: FactsMemory<Host> | undefined;
}

/** All that the plays of a run share. */
export interface Context {
  readonly inventory: Inventory;
  readonly options: RunOptions;
  /** Whose the changes are. */
  readonly scope: Scope;
  readonly ports: RunPorts;
  readonly forks: Limit;
  readonly pool: SessionPool;
  readonly runs: Map<Host, HostRun>;
  /** What each host does now. */
  readonly phases: ReadonlyMap<string, Phase>;
  /** By host, as its lock file has them. */
  readonly releases: Map<string, Releases>;
  readonly said: Said;
  /** Hosts that were asked for all plays. */
  readonly lookedAt: Set<Host>;
  /** What was seen on each machine, for who asks at the end what no role describes any more. */
  readonly managed: Map<Host, Managed>;
  /** Vars that inquiries found, for the plays behind them. */
  readonly learned: Map<string, unknown>;
}

/** The host with the vars that it has in this play. */
export function inPlay(host: Host, play: Play, { learned }: Context): Host {
  return withPlayVars(host, play, Object.fromEntries(learned));
}

/** The site as the roles of a host see it; `first` says whether it is the first of the play. */
export function siteOf(host: Host, first: boolean, { inventory, options, releases }: Context): Site {
  const members = (group: string) => inventory.groups.get(group)?.members ?? [];
  const hosts = (group: string) => members(group).flatMap((name) => inventory.hosts.get(name) ?? []);
  const names = options.inventoryNames ?? inventory.files;
  return { host, first, inventory: names, hosts, releases: releases.get(host.name) ?? {} };
}
