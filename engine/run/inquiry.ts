import { setTimeout as delay } from "node:timers/promises";
import type { Inventory } from "../inventory/inventory.ts";
import type { Asker, Finding, Inquiry, Said, Vars } from "../role/playbook.ts";
import type { Site } from "../role/role.ts";
import type { Script } from "../shell/sh.ts";
import type { Emit, Failure } from "./event.ts";
import { failureOf } from "./failure.ts";
import type { HostRun } from "./host-run.ts";
import { InterruptedError, interruptedFailure, interruptible } from "./interrupt.ts";
import type { Session } from "./session.ts";
import type { SessionPool } from "./session-pool.ts";

/** What an inquiry needs of the run that it belongs to. */
export interface InquiryContext {
  readonly play: Inquiry;
  readonly inventory: Inventory;
  readonly pool: SessionPool;
  readonly emit: Emit;
  readonly signal: AbortSignal | undefined;
  siteOf(run: HostRun): Site;
}

/**
 * Asks these hosts, and returns the vars that were learned. A host with a broken finding has failed; an inquiry that throws
 * fails all of them.
 */
export async function inquire(runs: readonly HostRun[], context: InquiryContext): Promise<Vars> {
  const { play, emit, signal } = context;
  if (runs.length === 0) return {};
  const findings = new Map<string, Finding[]>(runs.map(({ host }) => [host.name, []]));
  for (const { host } of runs) emit({ kind: "phase", host: host.name, phase: "prove" });
  let learned: Vars = {};
  let thrown: Failure | undefined;
  try {
    learned = (await interruptible(signal, () => play.asks(askerFor(runs, findings, context)))) ?? {};
  } catch (error) {
    thrown = error instanceof InterruptedError ? interruptedFailure(error, "prove") : failureOf(error);
  }
  for (const run of runs) {
    const failure = thrown ?? brokenFailure(findings.get(run.host.name) ?? []);
    if (failure) emit({ kind: "failed", host: run.host.name, failure });
    run.failure = failure;
    run.endedMs = performance.now() - run.started;
  }
  return learned;
}

function askerFor(
  runs: readonly HostRun[],
  findings: ReadonlyMap<string, Finding[]>,
  { inventory, pool, play, emit, signal, siteOf }: InquiryContext,
): Asker {
  const become = play.become ?? true;
  return {
    sites: runs.map(siteOf),
    ask: askHost(inventory, pool, become),
    facts: async (name) => (await sessionOf(name, inventory, pool, become)).facts,
    tell(name, finding) {
      findings.get(name)?.push(finding);
      emit({ kind: "found", host: name, finding });
      if (finding.outcome !== "unproven") return;
      runs.find(({ host }) => host.name === name)?.notes.add(`Not proven, ${name}, ${finding.name}: ${finding.text}`);
    },
    note: (name, line) => runs.find(({ host }) => host.name === name)?.notes.add(line),
    pause: (ms) => delay(ms, undefined, signal ? { signal } : {}),
  };
}

/** Returns what asks a host of the inventory, by its name. */
export function askHost(inventory: Inventory, pool: SessionPool, become: boolean): Asker["ask"] {
  return async (name, scripts): Promise<readonly Said[]> => {
    const session = await sessionOf(name, inventory, pool, become);
    return (await session.probe(scripts as readonly Script[])).sections;
  };
}

async function sessionOf(name: string, inventory: Inventory, pool: SessionPool, become: boolean): Promise<Session> {
  const host = inventory.hosts.get(name);
  if (!host) throw new TypeError(`ask("${name}"): the inventory has no such host`);
  return pool.open(host, become);
}

function brokenFailure(findings: readonly Finding[]): Failure | undefined {
  const checks = findings.filter(({ outcome }) => outcome === "broken");
  if (checks.length === 0) return undefined;
  const hints = [...new Set(checks.flatMap(({ hint }) => hint ?? []))];
  const hint = hints.length > 0 ? hints.join("\n") : undefined;
  return { kind: "failed", message: `${checks.length} of ${findings.length} checks failed`, checks, hint };
}
