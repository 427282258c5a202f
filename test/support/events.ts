import type { HostResult, PlannedStep, RunEvent } from "../../engine/run/event.ts";

/** A run that started on these hosts. */
export function started(...hosts: readonly string[]): RunEvent & { kind: "started" } {
  const inventory = ["inventory/prod.yml"];
  return { kind: "started", version: 2, run: "r1", playbook: "site.mts", inventory, check: false, hosts };
}

/** A file whose mode differs, made by a role. */
export const motd: PlannedStep = {
  type: "file",
  id: "/etc/motd",
  place: { file: "roles/base/index.ts", line: 12 },
  changes: [{ field: "mode", before: "0600", after: "0644" }],
};

/** The result of a host where everything held. */
export function result(host: string, more: Partial<HostResult> = {}): HostResult {
  const counts = { ok: 3, changed: 0, skipped: 0, edited: 0, execs: 2, bytesSent: 1234, bytesReceived: 567 };
  return { host, ...counts, handlers: [], notes: [], durationMs: 1500, ...more };
}

/** A plan of a host: the first pass, in which nothing differs. */
export function planned(host: string, more: Partial<RunEvent & { kind: "planned" }> = {}): RunEvent {
  const nothing = { steps: [], later: [], inSync: [], left: [], pending: [] };
  return { kind: "planned", host, pass: 1, resources: 3, ...nothing, durationMs: 400, ...more };
}

const { changes: _, ...refOfMotd } = motd;

/** A host that failed in its turn and went back. */
export const rolledBack: NonNullable<HostResult["failure"]> = {
  kind: "failed",
  message: "handler app: restart failed: exit 1",
  handler: "app: restart",
  stderr: "HTTP 503 after 60 s",
  hint: "look",
  rollback: {
    resources: [refOfMotd],
    left: [{ ...refOfMotd, id: "/etc/other" }],
    works: false,
    stderr: "HTTP 503 again",
  },
};

/** The end of a run. */
export function finished(results: readonly HostResult[], check = false): RunEvent & { kind: "finished" } {
  return { kind: "finished", check, results, durationMs: 2500 };
}

/** One event of each kind. */
export const oneOfEach: { readonly [K in RunEvent["kind"]]: RunEvent & { kind: K } } = {
  started: started("app-1", "app-2"),
  refused: {
    kind: "refused",
    version: 2,
    failures: [
      {
        kind: "refused",
        message: "host app-1: var app_port (role app)",
        place: { file: "inventory/prod.yml", line: 3, column: 5 },
        found: '"x"',
        expected: "a whole number",
        hint: "look",
      },
      { kind: "refused", message: "found an empty file", place: { file: "inventory/prod.yml" } },
    ],
  },
  play: { kind: "play", name: "app", hosts: ["app-1", "app-2"] },
  phase: { kind: "phase", host: "app-1", phase: "apply", pass: 1, count: 1 },
  connected: { kind: "connected", host: "app-1", system: "Debian 13, aarch64", durationMs: 900, factsMs: 300 },
  planned: planned("app-1", { steps: [motd], pending: ["reload"] }) as RunEvent & { kind: "planned" },
  applied: { kind: "applied", host: "app-1", pass: 1, steps: [motd], durationMs: 250 },
  handled: { kind: "handled", host: "app-1", handlers: ["reload"], took: { reload: 80 }, durationMs: 100 },
  found: {
    kind: "found",
    host: "app-1",
    finding: { name: "logs", outcome: "broken", text: "nothing came", durationMs: 45_000, hint: "look" },
  },
  "taken-over": { kind: "taken-over", host: "app-1", holder: "eve@laptop, site.mts, since 2026-01-01" },
  recovered: { kind: "recovered", host: "app-1", resources: ["file /etc/motd"], handlers: ["app: restart"] },
  waiting: { kind: "waiting", host: "app-1", reason: "another run: eve@laptop, site.mts, since 2026-01-01" },
  retrying: { kind: "retrying", host: "app-2", reason: "connection refused", inMs: 1000 },
  failed: { kind: "failed", host: "app-2", failure: { kind: "unreachable", message: "no answer", hint: "look" } },
  stopped: { kind: "stopped", play: "app", reason: "all 1 hosts of the batch failed", hosts: ["app-3"], waiting: [] },
  finished: finished([result("app-1"), result("app-2")]),
};
