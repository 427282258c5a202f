import type { OfHost, Phase, RunEvent } from "../run/event.ts";

/** How long things took, by host. */
export interface Times {
  note(event: RunEvent): void;
  /** Since the host began. */
  elapsedMs(host: string): number;
  /** Time of each phase that came to its end, in order. */
  phasesMs(host: string): ReadonlyMap<Phase, number>;
}

/** Returns a clock that learns from events when hosts begin and what their phases take. */
export function timeKeeper(now: () => number = () => performance.now()): Times {
  const begun = new Map<string, number>();
  const phases = new Map<string, Map<Phase, number>>();
  const add = ({ host }: OfHost, phase: Phase, durationMs: number) => {
    const times = phases.get(host) ?? new Map<Phase, number>();
    phases.set(host, times.set(phase, (times.get(phase) ?? 0) + durationMs));
  };
  return {
    note(event) {
      if ("host" in event && !begun.has(event.host)) begun.set(event.host, now());
      if (event.kind === "connected") add(event, "connect", event.durationMs - event.factsMs);
      if (event.kind === "connected") add(event, "facts", event.factsMs);
      if (event.kind === "planned") add(event, "probe", event.durationMs);
      if (event.kind === "applied") add(event, "apply", event.durationMs);
      if (event.kind === "handled") add(event, "handlers", event.durationMs);
    },
    elapsedMs: (host) => now() - (begun.get(host) ?? now()),
    phasesMs: (host) => phases.get(host) ?? new Map(),
  };
}
