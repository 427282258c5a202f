import type { ConnectionStats } from "../connection/connection.ts";
import type { Host } from "../inventory/inventory.ts";
import type { Progress } from "./converge-options.ts";
import type { Failure, HostResult } from "./event.ts";

/** What is known of a host in the course of a run, over all plays. */
export interface HostRun extends Progress {
  readonly host: Host;
  readonly started: number;
  /** What it does when it is its turn; undefined where nothing waits for that. */
  turn: (() => Promise<void>) | undefined;
  /** The host that its roles are at work on just now, where that is another. */
  on: string | undefined;
  /** A connection was cut: what was done when its answer was lost is yet to be told. */
  isCut: boolean;
  failure: Failure | undefined;
  endedMs: number;
}

/** Returns the state of a host at the start of a run. */
export function newHostRun(host: Host): HostRun {
  const progress = {
    probed: 0,
    differing: new Set<string>(),
    edited: new Set<string>(),
    changed: new Set<string>(),
    handlers: new Set<string>(),
  };
  return {
    ...progress,
    host,
    notes: new Set(),
    turn: undefined,
    started: performance.now(),
    on: undefined,
    isCut: false,
    failure: undefined,
    endedMs: 0,
  };
}

/** Returns how a host ended. */
export function resultOf(run: HostRun, stats: ConnectionStats): HostResult {
  const step = run.failure?.step;
  const failed = step && `${step.type} ${step.id}`;
  const open = [...run.differing].filter((resource) => !run.changed.has(resource) && resource !== failed);
  return {
    host: run.host.name,
    ok: run.probed - run.differing.size,
    changed: run.changed.size,
    skipped: open.length,
    edited: run.edited?.size ?? 0,
    handlers: [...run.handlers],
    failure: run.failure,
    notes: [...run.notes],
    ...stats,
    durationMs: run.endedMs,
  };
}
