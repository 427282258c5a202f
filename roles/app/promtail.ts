import { dirname } from "node:path";
import {
  directory,
  type Facts,
  file,
  group,
  http,
  type Resource,
  type Script,
  type Site,
  sh,
  type Text,
  unit,
  user,
  type VarsOf,
} from "hostwright";
import { pushUrl } from "../endpoints.ts";
import { template } from "../templates.ts";
import { gatewayFiles, gatewayResources, loginValues } from "./gateway.ts";
import { PROMTAIL } from "./handover.ts";
import { logAccess } from "./log-access.ts";
import { binary, installed, type Program, promtail, releaseResource } from "./releases.ts";
import type { appVars } from "./vars.ts";

type Vars = VarsOf<typeof appVars>;

const tags = ["promtail"];
const configPath = "/etc/promtail/config.yaml";

/**
 * Promtail as a user of its own, shipping the application's logs; what it has shipped survives a restart. `handover` comes
 * before it is started.
 */
export function promtailResources(
  vars: Vars,
  { machine }: Facts,
  site: Site,
  handover: readonly Resource[],
): readonly Resource[] {
  const shipper = promtail(vars);
  return [
    group({ name: PROMTAIL, system: true }, { tags }),
    user({ name: PROMTAIL, group: PROMTAIL, shell: "/usr/sbin/nologin", system: true }, { tags }),
    releaseResource(shipper, vars, machine, site),
    logAccess(vars, PROMTAIL),
    ...gatewayResources(vars, site, PROMTAIL),
    directory({ path: dirname(configPath) }, { tags }),
    file(
      {
        path: configPath,
        content: config(vars, site),
        mode: "0640",
        group: PROMTAIL,
        validate: (staged) => validateConfig(binary(shipper), staged),
      },
      { tags },
    ),
    ...handover,
    unit(
      {
        name: "promtail.service",
        content: unitFile(vars, shipper),
        config: [configPath, installed(shipper), ...gatewayFiles(vars, site)],
      },
      { tags },
    ),
  ];
}

/** Promtail answers. It says nothing of what it can read: `logAccess` proved that. */
export function promtailGate({ promtail_port }: Vars): Resource {
  return http({ url: `http://127.0.0.1:${promtail_port}/ready` }, { tags });
}

function config(vars: Vars, site: Site): Text {
  return template("app/promtail.yaml.hbs", {
    port: vars.promtail_port,
    pushUrl: pushUrl(site),
    login: loginValues(vars, site),
    environment: vars.environment,
    host: site.host.name,
    job: vars.log_job,
    logs: vars.app_logs,
    exclude: `${dirname(vars.app_logs)}/${vars.app_logs_exclude}`,
    firstLine: vars.log_first_line,
    jsonEntries: `{job="${vars.log_job}"} |~ "^\\\\{"`,
  });
}

function unitFile({ promtail_memory_mb }: Vars, shipper: Program): Text {
  return template("app/promtail.service.hbs", {
    program: binary(shipper),
    version: shipper.version,
    config: `-config.file=${configPath}`,
    memoryMax: `${promtail_memory_mb}M`,
    // Go's limit is soft: the rest is for what it does not count.
    goMemoryLimit: `GOMEMLIMIT=${Math.floor(promtail_memory_mb * 0.7)}MiB`,
  });
}

function validateConfig(program: string, staged: Script): Script {
  return sh`${program} -config.file=${staged} -check-syntax >&2`;
}
