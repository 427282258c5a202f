import { dirname } from "node:path";
import {
  directory,
  type FileDesired,
  file,
  group,
  type Resource,
  type Script,
  type Site,
  type Text,
  unit,
  user,
  type VarsOf,
} from "hostwright";
import { loginFiles, loginResources, loginValues } from "../gateway/login.ts";
import { monitoringHost } from "../hosts.ts";
import { pushUrl } from "../loki/push.ts";
import { installed, type Program } from "../programs.ts";
import type { Listening, Reaching } from "../service.ts";
import { logAccess } from "./access.ts";
import type { logAgentVars } from "./vars.ts";

type Vars = VarsOf<typeof logAgentVars>;

/** What one agent has that the other has not. */
export interface Agent {
  readonly name: "promtail" | "alloy";
  /** The resource that brings its program. */
  readonly release: Resource;
  readonly program: Program;
  readonly config: Required<Pick<FileDesired, "path" | "content">> & { validate(staged: Script): Script };
  readonly unit: Text;
  /** What comes before it is started: how far the other one has read. */
  readonly handover: readonly Resource[];
}

/**
 * A log agent as a user of its own, shipping the application's logs; what it has shipped survives a restart, and what the
 * other one has shipped it does not ship again.
 */
export function agentResources(agent: Agent, vars: Vars, site: Site): readonly Resource[] {
  const { name, config, handover, program } = agent;
  const tags = [name];
  return [
    group({ name, system: true }, { tags }),
    user({ name, group: name, shell: "/usr/sbin/nologin", system: true }, { tags }),
    agent.release,
    logAccess(vars, name),
    ...loginResources(vars, site, name),
    directory({ path: dirname(config.path) }, { tags }),
    file({ ...config, mode: "0640", group: name }, { tags }),
    ...handover,
    unit(
      {
        name: `${name}.service`,
        content: agent.unit,
        config: [config.path, installed(program), ...loginFiles(vars, site)],
      },
      { tags },
    ),
  ];
}

/** What the configurations of both agents are made of. */
export function agentValues(vars: Vars, site: Site) {
  return {
    pushUrl: pushUrl(site),
    login: loginValues(vars, site),
    environment: vars.environment,
    host: site.host.name,
    job: vars.log_job,
    logs: vars.app_logs,
    exclude: `${dirname(vars.app_logs)}/${vars.app_logs_exclude}`,
    firstLine: vars.log_first_line,
    jsonEntries: `{job="${vars.log_job}"} |~ "^\\\\{"`,
  };
}

/** The agent's own port, which nobody but the host needs. */
export function agentListens(name: Agent["name"], port: number): readonly Listening[] {
  const common = { address: "127.0.0.1", tls: false, login: undefined };
  // The other one may hold it until it is stopped.
  return [{ ...common, what: name, port, setBy: `${name}_port`, holders: ["promtail", "alloy"] }];
}

/** Where agents push to. */
export function agentReaches(site: Site): readonly Reaching[] {
  return [{ to: monitoringHost(site).name, what: "logs to Loki", url: pushUrl(site) }];
}
