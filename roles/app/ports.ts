import { readVars, type Site, VarError, type VarsOf } from "hostwright";
import { groups } from "../endpoints.ts";
import { publications } from "../monitoring/published.ts";
import { monitoringVars } from "../monitoring/vars.ts";
import type { appVars } from "./vars.ts";

type Vars = VarsOf<typeof appVars>;

/** Throws on two programs of a host that want one port: whichever starts second would fail. */
export function checkPorts(vars: Vars, site: Site): void {
  const agent = vars.log_agent === "alloy" ? "alloy_port" : "promtail_port";
  const own = (["node_exporter_port", "app_metrics_port", agent] as const).map((name) => ({ name, port: vars[name] }));
  const all = [...published(site), ...own];
  for (const [index, { name, port }] of all.entries()) {
    const other = all.slice(0, index).find((one) => one.port === port);
    if (!other || !own.some((one) => one.name === name)) continue;
    const text = `found that ${other.name} and ${name} are both ${port}, expected two: one host has each port once`;
    throw new VarError([name, other.name], text);
  }
}

/** What the containers of a host take that is the monitoring host as well; two of these are refused where they are started. */
function published({ host }: Site): readonly { readonly name: string; readonly port: number }[] {
  if (!host.groups.includes(groups.monitoring)) return [];
  const reading = readVars(monitoringVars, host.vars);
  if ("errors" in reading) return [];
  return publications(reading.value, host).map(({ setBy, what, port }) => ({ name: setBy ?? what, port }));
}
