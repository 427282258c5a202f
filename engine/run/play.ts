import type { Connection } from "../connection/connection.ts";
import { type Limit, limit } from "../connection/limit.ts";
import { connectionVars } from "../inventory/connection-vars.ts";
import type { Host, Inventory } from "../inventory/inventory.ts";
import { selectHosts } from "../inventory/pattern.ts";
import type { Play, Playbook } from "../role/playbook.ts";
import type { LockedRelease, Role, Site } from "../role/role.ts";
import { type ConvergeOptions, converge, type Progress } from "./converge.ts";
import type { Emit, Failure, HostResult } from "./event.ts";
import { failureOf } from "./failure.ts";
import { type Operation, STATE_PATHS } from "./host-state.ts";
import { openSession, type Session } from "./session.ts";
import { type Selection, workOf } from "./work.ts";

/** How to run a playbook. */
export interface RunOptions extends Selection {
  readonly check: boolean;
  /** A pattern; hosts outside of it are not contacted. */
  readonly limit: string | undefined;
  readonly forks: number;
  readonly lockWaitSeconds: number;
  readonly operation: Operation;
  readonly releases: Readonly<Record<string, LockedRelease>>;
}

/** What a run needs from outside. */
export interface RunPorts {
  connect(host: Host): Promise<Connection>;
  readonly emit: Emit;
}

/** A play with its hosts. */
export type Assignment = readonly [Play, readonly Host[]];

/** Returns the hosts of each play, within the limit. Throws `InventoryError` on a pattern that names nothing. */
export function assign(playbook: Playbook, inventory: Inventory, pattern: string | undefined): readonly Assignment[] {
  const allowed = pattern === undefined ? undefined : new Set(selectHosts(inventory, pattern));
  return playbook.map((play) => {
    const names = selectHosts(inventory, play.hosts).filter((name) => allowed?.has(name) ?? true);
    return [play, names.flatMap((name) => inventory.hosts.get(name) ?? [])] as const;
  });
}

/** Which roles each host gets, over all plays. */
export function rolesByHost(assignments: readonly Assignment[]): ReadonlyMap<Host, readonly Role[]> {
  const roles = new Map<Host, readonly Role[]>();
  for (const [play, hosts] of assignments) {
    for (const host of hosts) roles.set(host, [...(roles.get(host) ?? []), ...play.roles]);
  }
  return roles;
}

/** Runs plays one after the other, the hosts of each side by side. A host that failed is left out of later plays. */
export async function runPlays(
  assignments: readonly Assignment[],
  inventory: Inventory,
  options: RunOptions,
  ports: RunPorts,
): Promise<readonly HostResult[]> {
  const forks = limit(options.forks);
  const runs = new Map<Host, HostRun>();
  for (const [play, hosts] of assignments) {
    if (hosts.length === 0) continue;
    ports.emit({ kind: "play", name: play.name ?? play.hosts, hosts: hosts.map(({ name }) => name) });
    await Promise.all(hosts.map((host) => runHost(host, play, { inventory, options, ports, forks, runs })));
  }
  await Promise.all([...runs.values()].map(({ session }) => session?.close()));
  return [...runs].map(([host, run]) => resultOf(host, run));
}

interface HostRun extends Progress {
  readonly started: number;
  readonly notes: Set<string>;
  session: Session | undefined;
  failure: Failure | undefined;
  endedMs: number;
}

interface Context {
  readonly inventory: Inventory;
  readonly options: RunOptions;
  readonly ports: RunPorts;
  readonly forks: Limit;
  readonly runs: Map<Host, HostRun>;
}

async function runHost(host: Host, play: Play, context: Context): Promise<void> {
  const run = context.runs.get(host) ?? newRun();
  context.runs.set(host, run);
  if (run.failure) return;
  await context.forks(async () => {
    try {
      await convergeHost(host, play, run, context);
    } catch (error) {
      // A host's outcome is a value: the other hosts go on.
      run.failure = failureOf(error);
      context.ports.emit({ kind: "failed", host: host.name, failure: run.failure });
    }
    run.endedMs = performance.now() - run.started;
  });
}

async function convergeHost(host: Host, play: Play, run: HostRun, context: Context): Promise<void> {
  const { options, ports } = context;
  run.session ??= await open(host, ports);
  const work = workOf(play.roles, siteOf(host, context), run.session.facts, options);
  for (const text of work.notes) run.notes.add(text);
  const { check, operation, lockWaitSeconds } = options;
  const settings: ConvergeOptions = {
    host: host.name,
    check,
    operation,
    lockWaitSeconds,
    paths: STATE_PATHS,
    emit: ports.emit,
  };
  await converge(run.session, work, settings, run);
}

async function open(host: Host, { connect, emit }: RunPorts): Promise<Session> {
  const started = performance.now();
  const connection = await connect(host);
  const session = await openSession(connection, { become: connectionVars(host).become ?? true });
  const { os, machine } = session.facts;
  const durationMs = performance.now() - started;
  emit({ kind: "connected", host: host.name, system: `${os.name}, ${machine}`, durationMs });
  return session;
}

function siteOf(host: Host, { inventory, options }: Context): Site {
  const hosts = (group: string) =>
    inventory.groups.get(group)?.members.flatMap((name) => inventory.hosts.get(name) ?? []);
  return { host, hosts: (group) => hosts(group) ?? [], releases: options.releases };
}

function newRun(): HostRun {
  const progress = { probed: 0, differing: new Set<string>(), changed: new Set<string>(), handlers: new Set<string>() };
  return {
    ...progress,
    notes: new Set(),
    started: performance.now(),
    session: undefined,
    failure: undefined,
    endedMs: 0,
  };
}

function resultOf(host: Host, run: HostRun): HostResult {
  const { execs = 0, bytesSent = 0, bytesReceived = 0 } = run.session?.stats ?? {};
  const open = run.differing.size - run.changed.size;
  return {
    host: host.name,
    ok: run.probed - run.differing.size,
    changed: run.changed.size,
    skipped: run.failure?.step ? open - 1 : open,
    handlers: [...run.handlers],
    failure: run.failure,
    notes: [...run.notes],
    execs,
    bytesSent,
    bytesReceived,
    durationMs: run.endedMs,
  };
}
