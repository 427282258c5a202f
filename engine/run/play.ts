import { ConnectionError } from "../connection/connection.ts";
import { limit } from "../connection/limit.ts";
import type { Host, Inventory } from "../inventory/inventory.ts";
import type { Inquiry, Play, PlayResult, PlayRunner } from "../role/playbook.ts";
import { announce } from "./announce.ts";
import { batches, type Stop, stopReason } from "./batch.ts";
import { type Context, inPlay, type RunOptions, type RunPorts, siteOf } from "./context.ts";
import type { Emit, HostResult, Phase } from "./event.ts";
import { failureOf } from "./failure.ts";
import { type HostRun, newHostRun, resultOf } from "./host-run.ts";
import { inquire } from "./inquiry.ts";
import { CHANGING, closing, InterruptedError, interruptedFailure, interruptible } from "./interrupt.ts";
import { noteOrphans } from "./orphans.ts";
import { convergeHost, meetHost } from "./play-host.ts";
import { nameOf, playHosts } from "./play-hosts.ts";
import { resultOfPlay } from "./play-result.ts";
import { scopeOf } from "./record.ts";
import { newSaid, type Said } from "./said.ts";
import { SessionError } from "./session-error.ts";
import { sessionPool } from "./session-pool.ts";

/** A run in progress. */
export interface Run extends PlayRunner {
  /** Closes all connections and returns how each host ended. */
  finish(): Promise<readonly HostResult[]>;
}

/** Starts a run: plays go one after the other, the hosts of each batch side by side. */
export function startRun(inventory: Inventory, options: RunOptions, outside: RunPorts): Run {
  const phases = new Map<string, Phase>();
  const said = newSaid();
  const ports = { ...outside, emit: notingPhases(outside.emit, phases, said) };
  const context: Context = {
    inventory,
    options,
    scope: scopeOf(options.inventoryNames ?? inventory.files, options.operation),
    ports,
    forks: limit(options.forks),
    pool: sessionPool(ports),
    runs: new Map(),
    phases,
    releases: new Map(),
    said,
    lookedAt: new Set(),
    managed: new Map(),
    learned: new Map(),
  };
  const state = { stopped: false };
  const started = performance.now();
  return {
    play: (play) => runPlay(play, context, state),
    async finish() {
      const durationMs = performance.now() - started;
      await noteOrphans(context);
      await announce(context, durationMs);
      await closing(ports.signal, () => context.pool.close());
      return [...context.runs.values()].map((run) => resultOf(run, context.pool.stats(run.host)));
    },
  };
}

function notingPhases(emit: Emit, phases: Map<string, Phase>, said: Said): Emit {
  return (event) => {
    if (event.kind === "phase") phases.set(event.host, event.phase);
    if (event.kind === "phase" && CHANGING.includes(event.phase)) said.forget();
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
      batch.map((host) => startHost(host, play, batch[0] === host && started.size === batch.length, context)),
    );
    const { stop, waiting } = await endBatch(batch, play, context);
    if (!stop) continue;
    state.stopped = stop.scope === "run";
    const left = hosts.filter((host) => !started.has(host));
    for (const host of waiting) started.delete(host);
    if (left.length > 0 || state.stopped)
      ports.emit({
        kind: "stopped",
        play: nameOf(play),
        reason: stop.reason,
        hosts: named(left),
        waiting: named(waiting),
      });
    break;
  }
  if (isInquiry && !options.check && !state.stopped && !ports.signal?.aborted) await ask(play, started, context);
  return resultOfPlay(hosts, started, runs, changedBefore);
}

function named(hosts: readonly Host[]): readonly string[] {
  return hosts.map(({ name }) => name);
}

interface Ended {
  readonly stop?: Stop | undefined;
  /** Hosts whose turn did not come. */
  readonly waiting: readonly Host[];
}

/** Gives each host of a batch its turn where something waits for it, one after the other, and says whether the play goes on. */
async function endBatch(batch: readonly Host[], play: Play, context: Context): Promise<Ended> {
  const { runs, ports } = context;
  if ("asks" in play) return { stop: interruptedStop(ports), waiting: [] };
  const waiting = batch.filter((host) => runs.get(host)?.turn && !runs.get(host)?.failure);
  const stop =
    interruptedStop(ports) ?? stopReason(play, batch.filter((host) => runs.get(host)?.failure).length, batch.length);
  if (stop) return { stop, waiting };
  for (const [index, host] of waiting.entries()) {
    await runHost(host, context, async ({ turn }) => turn?.());
    if (!runs.get(host)?.failure) continue;
    return { stop: { reason: `${host.name} failed in its turn`, scope: "run" }, waiting: waiting.slice(index + 1) };
  }
  return { waiting: [] };
}

function interruptedStop({ signal }: RunPorts): Stop | undefined {
  return signal?.aborted ? { reason: new InterruptedError(signal).message, scope: "run" } : undefined;
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

function startHost(host: Host, play: Play, first: boolean, context: Context): Promise<void> {
  return runHost(host, context, (run) =>
    "asks" in play ? meetHost(host, play, context) : convergeHost(host, play, first, run, context),
  );
}

async function runHost(host: Host, context: Context, task: (run: HostRun) => Promise<void>): Promise<void> {
  const run = context.runs.get(host) ?? newHostRun(host);
  context.runs.set(host, run);
  await context.forks(async () => {
    try {
      await interruptible(
        context.ports.signal,
        () => reconnecting(run, context, () => task(run)),
        () => CHANGING.some((phase) => phase === context.phases.get(host.name)),
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

/** A host may be lost again while it goes down, and once more before it is up. */
const MAX_LOSSES = 3;

/** Resources are declarative, so what a lost connection interrupted is simply done again. */
async function reconnecting(run: HostRun, context: Context, task: () => Promise<void>): Promise<void> {
  const { inventory, pool, ports, options } = context;
  const { probed } = run;
  // What one try looked at is not forgotten where the next gets less far, nor counted twice where it does not.
  let reached = probed;
  for (let losses = 1; ; losses++) {
    try {
      return await task();
    } catch (error) {
      reached = Math.max(reached, run.probed);
      run.probed = probed;
      if (!isLoss(error) || ports.signal?.aborted || options.reconnectSeconds === 0 || losses > MAX_LOSSES) {
        run.probed = reached;
        throw error;
      }
      ports.emit({ kind: "retrying", host: run.host.name, reason: error.message, inMs: 0 });
      // Of a role that holds something on another host, it may be that one.
      const lost = error instanceof ConnectionError ? inventory.hosts.get(error.host) : undefined;
      await pool.drop(lost ?? run.host, options.reconnectSeconds * 1000);
      run.isCut = true;
    }
  }
}

/** A connection that was cut, or a shell that was ended on the host as a machine does that goes down (SIGHUP, SIGTERM). */
function isLoss(error: unknown): error is Error {
  if (error instanceof SessionError) return [129, 143].includes(error.code ?? 0);
  return error instanceof ConnectionError && error.failure === "lost";
}
