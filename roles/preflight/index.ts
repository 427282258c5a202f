import {
  type Asker,
  type Facts,
  type Finding,
  type Inquiry,
  readVars,
  type Script,
  type Site,
  type VarsOf,
} from "hostwright";
import { appVars } from "../app/vars.ts";
import { groups } from "../endpoints.ts";
import { DOCKER_DATA } from "../monitoring/paths.ts";
import { publications } from "../monitoring/published.ts";
import { settingsOf } from "../monitoring/settings.ts";
import { monitoringVars } from "../monitoring/vars.ts";
import {
  type ClockReading,
  clockFinding,
  logFinding,
  pathFinding,
  portFindings,
  sizeFindings,
  skewOf,
  type WantedPort,
} from "./findings.ts";
import { askHost, type HostState, parseHost } from "./host.ts";
import { parsePaths, pathsFrom, tryPaths } from "./paths.ts";

/** What packages, images and archives take, before any data. */
const DISK_MB = { monitoring: 4096, app: 512 } as const;

/** What one host was found to be. */
interface Looked {
  readonly site: Site;
  readonly state: HostState;
  readonly skew: number;
  readonly paths: readonly Finding[];
}

/**
 * Looks at hosts and at the paths between them before a run changes anything: it only reads. `when` says whether it does so
 * always, or only where a host is new, so that a run on hosts that are known costs nothing more.
 */
export function preflight(when: "always" | "new-hosts", now: () => number = Date.now): Inquiry {
  return {
    name: "preflight",
    hosts: `${groups.monitoring}:${groups.app}`,
    reads: [monitoringVars, appVars],
    measures: [DOCKER_DATA],
    asks: lookingAt(when, now),
  };
}

function lookingAt(when: "always" | "new-hosts", now: () => number): Inquiry["asks"] {
  return async (asker) => {
    const known = await Promise.all(asker.sites.map(({ host }) => asker.facts(host.name)));
    if (when === "new-hosts" && known.every(({ changedBefore }) => changedBefore)) return undefined;
    const looked = await Promise.all(asker.sites.map((site) => look(site, asker, now)));
    const found = looked.flatMap((one) => one ?? []);
    for (const one of found) {
      const others = found.filter((other) => other !== one).map(({ skew }) => skew);
      for (const finding of [...one.paths, clockFinding(one.skew, others)]) asker.tell(one.site.host.name, finding);
    }
    await Promise.all(found.map((one) => tellOwn(one, asker)));
    return undefined;
  };
}

/** A host that cannot be asked has a finding that says so; the others are looked at all the same. */
async function look(site: Site, asker: Asker, now: () => number): Promise<Looked | undefined> {
  const { host } = site;
  try {
    const paths = pathsFrom(site);
    const asked = now() / 1000;
    const [said, tried] = await asker.ask(host.name, [questions(site), tryPaths(paths)]);
    const answered = now() / 1000;
    const reached = parsePaths(tried?.stdout ?? "", paths);
    const state = parseHost(said?.stdout ?? "");
    const reading: ClockReading = { clock: state.clock, asked, answered };
    const findings = paths.map((path, index) => pathFinding(path, reached[index] ?? { state: "untried" }, host.name));
    return { site, state, skew: skewOf(reading), paths: findings };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    asker.tell(host.name, { name: "preflight", outcome: "broken", text });
    return undefined;
  }
}

function questions({ host }: Site): Script {
  const app = host.groups.includes(groups.app) ? readVars(appVars, host.vars) : undefined;
  if (!app || !("value" in app)) return askHost();
  return askHost({ agent: agentOf(host.vars), pattern: app.value.app_logs });
}

async function tellOwn({ site, state }: Looked, asker: Asker): Promise<void> {
  const { name } = site.host;
  const facts = await asker.facts(name);
  for (const finding of ownFindings(site, state, facts)) asker.tell(name, finding);
}

/** What a host has to have for the roles that it gets. */
export function ownFindings(site: Site, state: HostState, facts: Facts): readonly Finding[] {
  const { groups: member, vars } = site.host;
  const monitoring = member.includes(groups.monitoring) ? readVars(monitoringVars, vars) : undefined;
  const app = member.includes(groups.app) ? readVars(appVars, vars) : undefined;
  const needs = [
    ...(monitoring && "value" in monitoring ? [monitoringNeeds(monitoring.value, facts, site)] : []),
    ...(app && "value" in app ? [appNeeds(app.value)] : []),
  ];
  const ports = needs.flatMap((need) => need.ports);
  const findings = [
    ...(app && "value" in app ? logFinding(state.logs, agentOf(vars)) : []),
    ...portFindings(ports, state),
    ...needs.flatMap(({ finding }) => finding ?? []),
  ];
  // What runs already has taken its room.
  if (facts.changedBefore) return findings;
  const sum = (part: (need: Needs) => number) => needs.map(part).reduce((total, one) => total + one, 0);
  return [
    ...findings,
    ...sizeFindings(within(state, facts), { diskMb: sum((one) => one.diskMb), memoryMb: sum((one) => one.memoryMb) }),
  ];
}

/** A container shows its machine's memory, and may take its own limit. */
function within(state: HostState, { memoryBytes }: Facts): HostState {
  const { availableMemoryKib: available } = state;
  return available === undefined ? state : { ...state, availableMemoryKib: Math.min(available, memoryBytes / 1024) };
}

interface Needs {
  readonly ports: readonly WantedPort[];
  readonly diskMb: number;
  readonly memoryMb: number;
  /** Why it cannot be. */
  readonly finding?: Finding;
}

function monitoringNeeds(vars: VarsOf<typeof monitoringVars>, facts: Facts, site: Site): Needs {
  const ports = publications(vars, site.host).map((one) => ({ ...one, holders: [] }));
  const needs = { ports, diskMb: DISK_MB.monitoring };
  try {
    const { memory } = settingsOf(vars, facts, site).budget;
    return { ...needs, memoryMb: Object.values(memory).reduce((sum, part) => sum + part, 0) };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { ...needs, memoryMb: 0, finding: { name: "size", outcome: "broken", text } };
  }
}

function appNeeds(vars: VarsOf<typeof appVars>): Needs {
  const { node_exporter_port, node_exporter_memory_mb, log_agent } = vars;
  const agentPort = `${log_agent}_port` as const;
  const exporter = { address: "0.0.0.0", port: node_exporter_port, setBy: "node_exporter_port" };
  const agent = { address: "127.0.0.1", port: vars[agentPort], setBy: agentPort };
  return {
    ports: [
      { ...exporter, what: "node_exporter", holders: ["node_exporter"] },
      { ...agent, what: "the log agent", holders: ["promtail", "alloy"] },
    ],
    diskMb: DISK_MB.app,
    memoryMb: vars[`${log_agent}_memory_mb`] + node_exporter_memory_mb,
  };
}

function agentOf(vars: Readonly<Record<string, unknown>>): string {
  return typeof vars.log_agent === "string" ? vars.log_agent : "promtail";
}
