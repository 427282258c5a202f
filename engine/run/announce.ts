import { selectPlayHosts } from "../inventory/pattern.ts";
import type { HostSummary, RunSummary } from "../role/announcement.ts";
import { type Context, siteOf } from "./context.ts";
import { failureOf } from "./failure.ts";
import type { HostRun } from "./host-run.ts";
import { askHost } from "./inquiry.ts";

/** Tells who wants to hear it how the run went, which is over but for this. */
export async function announce(context: Context, durationMs: number): Promise<void> {
  const { inventory, options, ports, pool, runs } = context;
  const { announcement, check, operation } = options;
  const [first] = runs.values();
  if (!announcement || !first || check || ports.signal?.aborted) return;
  const hosts = selectPlayHosts(inventory, announcement.hosts).flatMap((name) => inventory.hosts.get(name) ?? []);
  const summary: RunSummary = { ...operation, durationMs, hosts: [...runs.values()].map(summaryOf) };
  try {
    await announcement.announce(summary, {
      sites: hosts.map((host) => siteOf(host, false, context)),
      ask: askHost(inventory, pool, true),
    });
  } catch (error) {
    first.notes.add(`${announcement.otherwise}: ${failureOf(error).message}`);
  }
}

function summaryOf({ host, changed, failure }: HostRun): HostSummary {
  const { kind, message } = failure ?? {};
  return {
    name: host.name,
    changed: [...changed],
    failure: kind !== undefined && message !== undefined ? { kind, message } : undefined,
  };
}
