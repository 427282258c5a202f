import type { Host } from "../inventory/inventory.ts";
import type { PlayResult } from "../role/playbook.ts";
import type { HostRun } from "./host-run.ts";

/** Returns how the hosts of a play ended; `started` are those that it came to, `changedBefore` says how many resources were changed before it. */
export function resultOfPlay(
  hosts: readonly Host[],
  started: ReadonlySet<Host>,
  runs: ReadonlyMap<Host, HostRun>,
  changedBefore: ReadonlyMap<Host, number>,
): PlayResult {
  const names = (wanted: (host: Host) => boolean) => hosts.filter(wanted).map(({ name }) => name);
  const kind = (host: Host) => runs.get(host)?.failure?.kind;
  const changed = (host: Host) => (runs.get(host)?.changed.size ?? 0) > (changedBefore.get(host) ?? 0);
  return {
    ok: names((host) => started.has(host) && !kind(host) && !changed(host)),
    changed: names((host) => started.has(host) && !kind(host) && changed(host)),
    failed: names((host) => started.has(host) && kind(host) !== undefined && kind(host) !== "unreachable"),
    unreachable: names((host) => started.has(host) && kind(host) === "unreachable"),
    skipped: names((host) => !started.has(host)),
  };
}
