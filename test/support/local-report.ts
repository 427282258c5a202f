import type { Test } from "tap";
import type { Resource } from "../../engine/resource/resource.ts";
import type { HostResult, RunEvent } from "../../engine/run/event.ts";
import { failureOf } from "../../engine/run/failure.ts";
import { finished, result, started } from "./events.ts";
import { convergeLocally } from "./local-run.ts";

/** The events of a whole run that converges this machine: those of the engine's loop, between a start and an end. */
export async function localEvents(
  t: Test,
  dir: string,
  resources: readonly Resource[],
  settings: Parameters<typeof convergeLocally>[3] = {},
): Promise<readonly RunEvent[]> {
  const { events, error, progress } = await convergeLocally(t, dir, resources, settings);
  const failure = error === undefined ? undefined : failureOf(error);
  const ended: HostResult = result("local", {
    ok: progress.probed - progress.differing.size,
    changed: progress.changed.size,
    skipped: Math.max(0, progress.differing.size - progress.changed.size - (failure?.step ? 1 : 0)),
    handlers: [...progress.handlers],
    failure,
  });
  return [
    { ...started("local"), check: settings.check ?? false },
    { kind: "play", name: "all", hosts: ["local"] },
    { kind: "connected", host: "local", system: "this machine", durationMs: 20, factsMs: 5 },
    ...events,
    ...(failure ? [{ kind: "failed", host: "local", failure } as const] : []),
    finished([ended], settings.check),
  ];
}
