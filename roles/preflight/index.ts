import {
  type Asker,
  type Facts,
  type Finding,
  type HostVars,
  type Inquiry,
  readVars,
  type Schema,
  type Script,
  type Site,
} from "hostwright";
import { hostServices } from "../app/services.ts";
import { appVars } from "../app/vars.ts";
import { groups, varsOfHost } from "../hosts.ts";
import { logAgentVars } from "../log-agent/vars.ts";
import { listeningOf, membersOf } from "../monitoring/stack.ts";
import { monitoringVars } from "../monitoring/vars.ts";
import { DOCKER_DATA } from "../paths.ts";
import type { Listening } from "../service.ts";
import {
  type ClockReading,
  clockFinding,
  logFinding,
  pathFinding,
  portFindings,
  sizeFindings,
  skewOf,
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
  const logs = logsOf(host);
  return askHost(logs && { agent: logs.log_agent, pattern: logs.app_logs });
}

/** What is asked of the logs of a host whose vars fit. */
function logsOf(host: HostVars) {
  return fits(host, groups.app, appVars) ? varsOfHost(LOGS, host) : undefined;
}

const LOGS = { app_logs: logAgentVars.app_logs, log_agent: logAgentVars.log_agent };

/** Whether a host is of a group, with vars that its role takes; what is wrong with others is said elsewhere. */
function fits(host: HostVars, group: string, schema: Schema): boolean {
  return host.groups.includes(group) && "value" in readVars(schema, host.vars);
}

async function tellOwn({ site, state }: Looked, asker: Asker): Promise<void> {
  const { name } = site.host;
  const facts = await asker.facts(name);
  for (const finding of ownFindings(site, state, facts)) asker.tell(name, finding);
}

/** What a host has to have for the roles that it gets. */
export function ownFindings(site: Site, state: HostState, facts: Facts): readonly Finding[] {
  const { host } = site;
  const needs = [
    ...(fits(host, groups.monitoring, monitoringVars) ? [monitoringNeeds(site, facts)] : []),
    ...(fits(host, groups.app, appVars) ? [appNeeds(host)] : []),
  ];
  const logs = logsOf(host);
  const ports = needs.flatMap((need) => need.ports);
  const findings = [
    ...(logs ? logFinding(state.logs, logs.log_agent) : []),
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
  readonly ports: readonly Listening[];
  readonly diskMb: number;
  readonly memoryMb: number;
  /** Why it cannot be. */
  readonly finding?: Finding;
}

function monitoringNeeds(site: Site, facts: Facts): Needs {
  const needs = { ports: listeningOf(site.host), diskMb: DISK_MB.monitoring };
  try {
    const memoryMb = membersOf(site, facts).reduce((sum, { stack }) => sum + stack.memoryMb, 0);
    return { ...needs, memoryMb };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { ...needs, memoryMb: 0, finding: { name: "size", outcome: "broken", text } };
  }
}

function appNeeds(host: HostVars): Needs {
  const on = hostServices.filter(({ isOn }) => isOn(host));
  return {
    ports: on.flatMap(({ listens }) => listens(host)).filter(({ holders }) => holders !== undefined),
    diskMb: DISK_MB.app,
    memoryMb: on.reduce((sum, { memoryMb }) => sum + memoryMb(host), 0),
  };
}
