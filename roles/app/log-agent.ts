import type { Facts, Resource, Site, VarsOf } from "hostwright";
import { provenance } from "../endpoints.ts";
import { releaseSupportNotes } from "../versions.ts";
import { alloyGate, alloyResources } from "./alloy.ts";
import { toAlloy, toPromtail } from "./handover.ts";
import { promtailGate, promtailResources } from "./promtail.ts";
import { alloy, archiveName, type Program, promtail } from "./releases.ts";
import type { appVars } from "./vars.ts";

type Vars = VarsOf<typeof appVars>;

/** The agent that ships the logs, and the other one stopped; what one has shipped the other does not ship again. */
export function logAgentResources(vars: Vars, facts: Facts, site: Site): readonly Resource[] {
  return vars.log_agent === "alloy"
    ? alloyResources(vars, facts, site, toAlloy())
    : promtailResources(vars, facts, site, toPromtail());
}

/** The agent answers. */
export function logAgentGate(vars: Vars): Resource {
  return vars.log_agent === "alloy" ? alloyGate(vars) : promtailGate(vars);
}

/** The program that this host has for an agent. */
export function logAgent(vars: Vars): Program {
  return vars.log_agent === "alloy" ? alloy(vars) : promtail(vars);
}

/** What the recap says of the agent: what it really is, and until when it is supported. */
export function logAgentNotes(vars: Vars, { machine }: Facts, site: Site, today: Date): readonly string[] {
  const { name, version } = logAgent(vars);
  return [...provenance([archiveName(logAgent(vars), machine)], site), ...releaseSupportNotes(name, version, today)];
}
