import { ConnectionError } from "../connection/connection.ts";
import { type Limit, limit } from "../connection/limit.ts";
import type { Host, Inventory } from "../inventory/inventory.ts";
import type { Inquiry, Play, PlayResult, PlayRunner, RolePlay } from "../role/playbook.ts";
import type { LockedRelease, Site, WantedRelease } from "../role/role.ts";
import { batches, stopReason } from "./batch.ts";
import { type ConvergeOptions, checkGate, converge } from "./converge.ts";
import { namingDisk } from "./disk.ts";
import type { Emit, HostEvent, HostResult, Phase } from "./event.ts";
import { failureOf } from "./failure.ts";
import { type HostRun, newHostRun, resultOf } from "./host-run.ts";
import type { Operation, StatePaths } from "./host-state.ts";
import { inquire } from "./inquiry.ts";
import { closing, InterruptedError, interruptedFailure, interruptible } from "./interrupt.ts";
import { nameOf, playHosts, withPlayVars } from "./play-hosts.ts";
import { resultOfPlay } from "./play-result.ts";
import type { Selection } from "./selection.ts";
import type { Session } from "./session.ts";
import { type PoolPorts, type SessionPool, sessionPool } from "./session-pool.ts";
import { type Segment, workOf } from "./work.ts";

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
  readonly operation: Operation;
  /** What the inventory files are called in every checkout; as the user named them unless given. */
  readonly inventoryNames?: readonly string[];
  /** Asked when a host was reached: what nobody can be reached for need not be known. */
  releases(host: Host, wanted: readonly WantedRelease[]): Promise<Releases>;
  /** Where the engine keeps its state on hosts. */
  readonly paths: StatePaths;
}

/** What a run needs from outside. */
export interface RunPorts extends PoolPorts {
  /** Ends the run: hosts are left where they are. */
  readonly signal?: AbortSignal | undefined;
}

/** A run in progress. */
export interface Run extends PlayRunner {
  /** Closes all connections and returns how each host ended. */
  finish(): Promise<readonly HostResult[]>;
}

/** Starts a run: plays go one after the other, the hosts of each batch side by side. */
export function startRun(inventory: Inventory, options: RunOptions, outside: RunPorts): Run {
  const phases = new Map<string, Phase>();
  const ports = { ...outside, emit: notingPhases(outside.emit, phases) };
  const context: Context = {
    inventory,
    options,
    ports,
    forks: limit(options.forks),
    pool: sessionPool(ports),
    runs: new Map(),
    phases,
    releases: new Map(),
    learned: new Map(),
  };
  const state = { stopped: false };
  return {
    play: (play) => runPlay(play, context, state),
    async finish() {
      await closing(ports.signal, () => context.pool.close());
      return [...context.runs.values()].map((run) => resultOf(run, context.pool.stats(run.host)));
    },
  };
}

interface Context {
  readonly inventory: Inventory;
  readonly options: RunOptions;
  readonly ports: RunPorts;
  readonly forks: Limit;
  readonly pool: SessionPool;
  readonly runs: Map<Host, HostRun>;
  /** What each host does now. */
  readonly phases: ReadonlyMap<string, Phase>;
  /** By host, as its lock file has them. */
  readonly releases: Map<string, Releases>;
  /** Vars that inquiries found, for the plays behind them. */
  readonly learned: Map<string, unknown>;
}

function notingPhases(emit: Emit, phases: Map<string, Phase>): Emit {
  return (event) => {
    if (event.kind === "phase") phases.set(event.host, event.phase);
    emit(event);
  };
}

async function runPlay(play: Play, context: Context, state: { stopped: boolean }): Promise<PlayResult> {
  const { inventory, options, ports, runs } = context;
  if (play.flag !== undefined && !options.flags?.has(play.flag)) return resultOfPlay([], new Set(), runs, new Map());
  const all = playHosts(play, inventory, options.limit);
  const isInquiry = "asks" in play;
  const hosts = all.filter((host) => !runs.get(host)?.failure || (!isInquiry && play.rescue));
  const changedBefore = new Map(hosts.map((host) => [host, runs.get(host)?.changed.size ?? 0]));
  const started = new Set<Host>();
  // Hosts that all failed before are in the recap; a play that never had any says so.
  if ((hosts.length > 0 || all.length === 0) && !state.stopped)
    ports.emit({ kind: "play", name: nameOf(play), hosts: hosts.map(({ name }) => name) });
  for (const batch of state.stopped ? [] : batches(hosts, isInquiry ? undefined : play.serial)) {
    for (const host of batch) started.add(host);
    await Promise.all(
      batch.map((host) => runHost(host, play, batch[0] === host && started.size === batch.length, context)),
    );
    if (ports.signal?.aborted) {
      state.stopped = true;
      break;
    }
    if (isInquiry) continue;
    const stop = stopReason(play, batch.filter((host) => runs.get(host)?.failure).length, batch.length);
    if (!stop) continue;
    state.stopped = stop.scope === "run";
    const left = hosts.filter((host) => !started.has(host)).map(({ name }) => name);
    if (left.length > 0 || state.stopped)
      ports.emit({ kind: "stopped", play: nameOf(play), reason: stop.reason, hosts: left });
    break;
  }
  if (isInquiry && !options.check && !state.stopped && !ports.signal?.aborted) await ask(play, started, context);
  return resultOfPlay(hosts, started, runs, changedBefore);
}

async function ask(play: Inquiry, started: ReadonlySet<Host>, context: Context): Promise<void> {
  const { inventory, pool, ports, runs, learned } = context;
  const passed = [...started].flatMap((host) => runs.get(host) ?? []).filter(({ failure }) => !failure);
  const siteOfRun = ({ host }: HostRun) => siteOf(inPlay(host, play, context), false, context);
  const found = await inquire(passed, {
    play,
    inventory,
    pool,
    emit: ports.emit,
    signal: ports.signal,
    siteOf: siteOfRun,
  });
  for (const [name, value] of Object.entries(found)) learned.set(name, value);
}

function inPlay(host: Host, play: Play, { learned }: Context): Host {
  return withPlayVars(host, play, Object.fromEntries(learned));
}

async function runHost(host: Host, play: Play, first: boolean, context: Context): Promise<void> {
  const run = context.runs.get(host) ?? newHostRun(host);
  context.runs.set(host, run);
  await context.forks(async () => {
    try {
      await interruptible(context.ports.signal, () =>
        reconnecting(host, context, () =>
          "asks" in play ? meetHost(host, play, context) : convergeHost(host, play, first, run, context),
        ),
      );
      run.failure = undefined;
    } catch (error) {
      // A host's outcome is a value: the other hosts go on.
      const phase = context.phases.get(host.name);
      const failure = error instanceof InterruptedError ? interruptedFailure(error, phase) : failureOf(error);
      run.failure = { ...failure, on: run.on };
      context.ports.emit({ kind: "failed", host: host.name, on: run.on, failure: run.failure });
    }
    run.endedMs = performance.now() - run.started;
  });
}

/** Resources are declarative, so what a lost connection interrupted is simply done again, once. */
async function reconnecting(host: Host, { pool, ports }: Context, task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (error) {
    if (!(error instanceof ConnectionError && error.failure === "lost") || ports.signal?.aborted) throw error;
    ports.emit({ kind: "retrying", host: host.name, reason: error.message, inMs: 0 });
    await pool.drop(host);
    await task();
  }
}

/** Before all are asked together: who cannot be reached is known, and so are the hashes of releases. */
async function meetHost(host: Host, play: Inquiry, context: Context): Promise<void> {
  await context.pool.open(host, play.become ?? true);
  context.releases.set(host.name, await context.options.releases(inPlay(host, play, context), []));
}

async function convergeHost(host: Host, play: RolePlay, first: boolean, run: HostRun, context: Context): Promise<void> {
  run.on = undefined;
  const session = await context.pool.open(host, play.become ?? true);
  const own = inPlay(host, play, context);
  const unread = siteOf(own, first, context);
  const wanted = play.roles.flatMap((role) => role.releases(own, session.facts, unread));
  context.releases.set(host.name, await context.options.releases(own, wanted));
  const site = siteOf(own, first, context);
  const settings = convergeOptions(host, context);
  if (play.before) await checkGate(session, play.before(site, session.facts));
  const work = workOf(play, site, session.facts);
  for (const note of work.notes) run.notes.add(note);
  for (const segment of work.segments) await convergeSegment(segment, play, run, context);
  const gate = play.after?.(site, session.facts) ?? [];
  if (gate.length === 0) return;
  await namingDisk(host.name, session, () =>
    converge(session, { resources: gate, handlers: new Map() }, settings, run),
  );
}

async function convergeSegment(segment: Segment, play: RolePlay, run: HostRun, context: Context): Promise<void> {
  const host = context.inventory.hosts.get(segment.host);
  if (!host) throw new TypeError(`onHost("${segment.host}"): the inventory has no such host`);
  run.on = host === run.host ? undefined : host.name;
  await context.pool.exclusively(host)(async () => {
    const session: Session = await context.pool.open(host, play.become ?? true);
    const settings = convergeOptions(run.host, context, run.on);
    await namingDisk(host.name, session, () => converge(session, segment, settings, run));
  });
  run.on = undefined;
}

function convergeOptions(host: Host, { options, ports }: Context, on?: string): ConvergeOptions {
  const { check, operation, lockWaitSeconds, paths } = options;
  const emit = (event: HostEvent) => ports.emit(on === undefined ? event : { ...event, on });
  return { host: host.name, check, selection: options, operation, lockWaitSeconds, paths, emit };
}

function siteOf(host: Host, first: boolean, { inventory, options, releases }: Context): Site {
  const members = (group: string) => inventory.groups.get(group)?.members ?? [];
  const hosts = (group: string) => members(group).flatMap((name) => inventory.hosts.get(name) ?? []);
  const names = options.inventoryNames ?? inventory.files;
  return { host, first, inventory: names, hosts, releases: releases.get(host.name) ?? {} };
}
