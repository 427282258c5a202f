import { join } from "node:path";
import type { Test } from "tap";
import { connectLocal } from "../../engine/connection/local.ts";
import type { Resource } from "../../engine/resource/resource.ts";
import { type ConvergeOptions, converge, type Progress } from "../../engine/run/converge.ts";
import type { RunEvent } from "../../engine/run/event.ts";
import type { StatePaths } from "../../engine/run/host-state.ts";
import { openSession } from "../../engine/run/session.ts";
import type { Script } from "../../engine/shell/sh.ts";

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
    handlers?: Readonly<Record<string, Script>>;
    check?: boolean;
    lockWaitSeconds?: number;
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
  const options: ConvergeOptions = {
    host: "local",
    check: settings.check ?? false,
    selection: { tags: settings.tags ?? [], skipTags: [] },
    operation: { run: "r1", operator: "tester", playbook: "test.mts", commit: "" },
    lockWaitSeconds: settings.lockWaitSeconds ?? 0,
    paths: statePaths(dir),
    emit: (event) => events.push(event),
  };
  const work = { resources, handlers: new Map(Object.entries(settings.handlers ?? {})) };
  const error = await converge(session, work, options, progress).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { progress, events, execs: connection.stats.execs, error };
}
