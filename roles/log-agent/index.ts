import { dirname } from "node:path";
import {
  directory,
  file,
  http,
  type Resource,
  type Schema,
  type Script,
  type Site,
  type Text,
  unit,
  type VarsOf,
} from "hostwright";
import { applicationVars } from "../application/vars.ts";
import { loginFiles, loginValues, passwordResources, unusedLogin } from "../gateway/login.ts";
import { monitoringHost, varsOfHost } from "../hosts.ts";
import { pushUrl, TAKEN_BACK_HOURS } from "../loki/push.ts";
import { account, installed, type Program, releaseResource } from "../programs.ts";
import { defineHostService, type HostService } from "../service.ts";
import type { ReleasePin } from "../versions.ts";
import { logAccess } from "./access.ts";
import { againFiles, againScript } from "./again.ts";
import { formats, LEVEL_TEMPLATE, notOlderThan, TIME_TEMPLATE } from "./formats.ts";
import { logProof } from "./proof.ts";
import { ROTATED } from "./rotated.ts";
import { firstLineOf, logAgentVars } from "./vars.ts";

/** What one agent has that the other has not. */
interface AgentDefinition<S extends Schema> {
  readonly name: "promtail" | "alloy";
  readonly vars: S;
  readonly pin: ReleasePin;
  version(vars: VarsOf<S>): string;
  port(vars: VarsOf<S>): number;
  memoryMb(vars: VarsOf<S>): number;
  /** Where it answers once it runs. */
  readonly readyPath: string;
  readonly configPath: string;
  /** Its folder, and the file below that says how far it has read. */
  readonly state: string;
  readonly positions: string;
  /** Where it finds how far the other one has read, while it has read nothing itself. */
  readonly legacyPositions?: string;
  /** Its configuration of what both are told. */
  config(vars: VarsOf<S>, common: ReturnType<typeof agentValues>): Text;
  validate(staged: Script): Script;
  unit(vars: VarsOf<S>, own: UnitValues): Text;
  /** What comes before it is started: how far the other one has read. */
  handover(): readonly Resource[];
}

/** What the unit of an agent is made of, whichever it is. */
interface UnitValues {
  readonly program: Program;
  /** The script that it runs when it starts and when it stops. */
  readonly again: string;
  /** The application's unit, where somebody names it. */
  readonly application: string | undefined;
}

/**
 * Returns a log agent as a user of its own, shipping the application's logs; what it has shipped survives a restart, and what
 * the other one has shipped it does not ship again.
 */
export function defineAgent<const S extends Schema & typeof logAgentVars>(agent: AgentDefinition<S>): HostService {
  const { name, configPath: path, handover, validate, state } = agent;
  const again = `${dirname(path)}/again.sh`;
  const tags = [name];
  const program = (vars: VarsOf<S>): Program => ({
    name,
    pin: agent.pin,
    version: agent.version(vars),
    checksums: "SHA256SUMS",
    archive: (architecture) => `${name}-linux-${architecture}.zip`,
    inside: (architecture) => `${name}-linux-${architecture}`,
  });
  return defineHostService({
    name,
    vars: agent.vars,
    isOn: ({ log_agent }) => log_agent === name,
    sends: true,
    program,
    // Nobody but the host needs it, and the other agent may hold it until it is stopped.
    listens: (vars) => [
      {
        what: name,
        address: "127.0.0.1",
        port: agent.port(vars),
        setBy: `${name}_port`,
        tls: false,
        login: undefined,
        holders: ["promtail", "alloy"],
      },
    ],
    reaches: (_vars, site) => [{ to: monitoringHost(site).name, what: "logs to Loki", url: pushUrl(site) }],
    memoryMb: agent.memoryMb,
    resources(vars, site, facts) {
      const own = program(vars);
      const common = varsOfHost(logAgentVars, site.host);
      const { app_service: application } = varsOfHost({ app_service: applicationVars.app_service }, site.host);
      const content = agent.config(vars, agentValues(common, site, state));
      const service = agent.unit(vars, { program: own, again, application });
      const config = [path, installed(own), ...loginFiles(common, site)];
      return [
        ...account(name),
        releaseResource(own, facts, site),
        logAccess(common, name),
        ...passwordResources(common, site, name),
        directory({ path: dirname(path) }, { tags }),
        file({ path, content, mode: "0640", group: name, validate }, { tags }),
        file({ path: again, content: `${againScript(agent, common).text}\n` }, { tags }),
        ...handover(),
        unit({ name: `${name}.service`, content: service, config }, { tags }),
        ...unusedLogin(common, site, name),
      ];
    },
    proofs: (site, occasion) => [logProof(site, occasion)],
    // It says nothing of what it can read: that was proven before it was started.
    gates: (vars) => [http({ url: `http://127.0.0.1:${agent.port(vars)}${agent.readyPath}` }, { tags })],
  });
}

/** What the configurations of both agents are made of. */
function agentValues(vars: VarsOf<typeof logAgentVars>, site: Site, state: string) {
  const { app_logs: logs, app_logs_exclude: exclude, log_format } = vars;
  const again = againFiles(state);
  return {
    pushUrl: pushUrl(site),
    login: loginValues(vars, site),
    environment: vars.environment,
    host: site.host.name,
    job: vars.log_job,
    logs,
    exclude: `${dirname(logs)}/${exclude}`,
    again,
    // What was rotated is among them; what somebody does not want is not.
    againExclude: exclude === ROTATED ? "" : `${dirname(again)}/${exclude}`,
    firstLine: firstLineOf(vars),
    format: formats[log_format],
    times: { known: TIME_TEMPLATE, recent: notOlderThan(TAKEN_BACK_HOURS) },
    upperCase: LEVEL_TEMPLATE,
    oldest: `${TAKEN_BACK_HOURS}h`,
  };
}
