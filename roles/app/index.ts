import { dirname } from "node:path";
import {
  command,
  defineRole,
  enterMade,
  envFile,
  pkg,
  type Resource,
  type Script,
  type Site,
  sh,
  type VarsOf,
} from "hostwright";
import { groups, hasMonitoring, otlpUrl, provenance } from "../endpoints.ts";
import { releaseSupportNotes } from "../versions.ts";
import { gatewayEntries } from "./gateway.ts";
import { logAgentGate, logAgentNotes, logAgentResources } from "./log-agent.ts";
import { nodeExporterGate, nodeExporterResources } from "./node-exporter.ts";
import { checkPorts } from "./ports.ts";
import { archiveName, nodeExporter, wantedReleases } from "./releases.ts";
import { appVars } from "./vars.ts";

type Vars = VarsOf<typeof appVars>;

const RESTART = "restart the application";

const NOWHERE = `This inventory has no host in group ${groups.monitoring}: app hosts get node_exporter only, their logs and traces are left as they are`;

/** A log agent, node_exporter and the application's tracing settings on a host that runs the application. */
export const app = defineRole({
  name: "app",
  vars: appVars,
  resources(vars, facts, site) {
    checkPorts(vars, site);
    return [
      // curl fetches releases and asks for readiness, unzip opens the agent's, acl opens the logs to the agent.
      pkg({ name: ["acl", "ca-certificates", "curl", "unzip"] }),
      ...nodeExporterResources(vars, facts, site),
      // Without a monitoring host there is nowhere to send logs and traces: what a host has for that is left as it is.
      ...(hasMonitoring(site)
        ? [...applicationFolders(vars), ...logAgentResources(vars, facts, site), tracingSettings(vars, site)]
        : []),
      nodeExporterGate(vars),
      ...(hasMonitoring(site) ? [logAgentGate(vars)] : []),
    ];
  },
  handlers: ({ app_service }): Readonly<Record<string, Script>> =>
    app_service ? { [RESTART]: sh`systemctl restart -- ${app_service}` } : {},
  notes: (vars, facts, site) => [
    ...provenance([archiveName(nodeExporter(vars), facts.machine)], site),
    // The date decides what is said, never what is done.
    ...(hasMonitoring(site) ? logAgentNotes(vars, facts, site, new Date()) : [NOWHERE]),
    ...releaseSupportNotes("node_exporter", vars.node_exporter_version, new Date()),
  ],
  releases: wantedReleases,
});

/** A host may be prepared before the application was ever there. Folders that exist are left as they are. */
function applicationFolders({ app_logs, app_env_file, app_user, app_group }: Vars): readonly Resource[] {
  return [...new Set([dirname(app_env_file), dirname(app_logs)])].map((folder) =>
    command({
      name: `folder ${folder}`,
      creates: folder,
      run: sh`
        ${enterMade(folder)}
        chown -- ${`${app_user}:${app_group}`} .
        chmod -- 0750 .`,
    }),
  );
}

/** Every other line of the file belongs to the application's team. */
function tracingSettings(vars: Vars, site: Site): Resource {
  const entries = {
    TRACING_ENABLE: String(vars.tracing_enable),
    TEMPO_GRPC_LISTENER_URL: otlpUrl(site),
    DB_TRACING_ENABLE: String(vars.db_tracing_enable),
    ...gatewayEntries(vars, site),
  };
  const notify = vars.app_service ? [RESTART] : [];
  return envFile({ path: vars.app_env_file, entries, owner: vars.app_user }, { notify, tags: ["tracing"] });
}
