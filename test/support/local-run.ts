import { join } from "node:path";
import type { Test } from "tap";
import { connectLocal } from "../../engine/connection/local.ts";
import type { Resource } from "../../engine/resource/resource.ts";
import type { Handler } from "../../engine/role/handler.ts";
import { converge } from "../../engine/run/converge.ts";
import type { ConvergeOptions, Progress } from "../../engine/run/converge-options.ts";
import type { RunEvent } from "../../engine/run/event.ts";
import type { Operation, StatePaths } from "../../engine/run/host-state.ts";
import { openSession } from "../../engine/run/session.ts";

/** What a run on this machine did, with the state that the engine keeps in a test folder. */
export interface LocalRun {
  readonly progress: Progress;
  readonly events: readonly RunEvent[];
  readonly execs: number;
  readonly error: unknown;
}

/** State folders below a test's own. */
export function statePaths(dir: string): StatePaths {
  return { state: join(dir, "state"), log: join(dir, "log") };
}

/** Converges this machine through the engine's own loop, over a local shell. */
export async function convergeLocally(
  t: Test,
  dir: string,
  resources: readonly Resource[],
  settings: {
    handlers?: Readonly<Record<string, Handler>>;
    check?: boolean;
    lockWaitSeconds?: number;
    operation?: Partial<Operation>;
    signal?: AbortSignal;
    connectAnew?: ConvergeOptions["connectAnew"];
    /** Hears each event as it happens. */
    heard?: (event: RunEvent) => unknown;
    tags?: readonly string[];
  } = {},
): Promise<LocalRun> {
  const connection = connectLocal("local");
  t.teardown(() => connection.close());
  const session = await openSession(connection, { become: false });
  const events: RunEvent[] = [];
  const progress: Progress = {
    probed: 0,
    differing: new Set(),
    changed: new Set(),
    handlers: new Set(),
    notes: new Set(),
  };
  const about = {
    host: "local",
    operation: { run: "r1", operator: "tester", playbook: "test.mts", commit: "", ...settings.operation },
    paths: statePaths(dir),
    emit(event: RunEvent) {
      events.push(event);
      settings.heard?.(event);
    },
  };
  const { signal } = settings;
  const connectAnew = settings.connectAnew ?? ((task) => task(session));
  const selection = { tags: settings.tags ?? [], skipTags: [] };
  const work = { resources, handlers: new Map(Object.entries(settings.handlers ?? {})) };
  const { check = false, lockWaitSeconds = 0 } = settings;
  const options = { ...about, check, selection, lockWaitSeconds, signal, connectAnew };
  const error = await converge(session, work, options, progress).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { progress, events, execs: connection.stats.execs, error };
}
