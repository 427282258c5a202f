import { dirname } from "node:path";
import {
  directory,
  type Facts,
  file,
  group,
  http,
  type Resource,
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
import { ALLOY, LEGACY_POSITIONS, STORAGE } from "./handover.ts";
import { logAccess } from "./log-access.ts";
import { alloy, binary, installed, type Program, releaseResource } from "./releases.ts";
import type { appVars } from "./vars.ts";

type Vars = VarsOf<typeof appVars>;

const tags = [ALLOY];
const configPath = "/etc/alloy/config.alloy";

/** Alloy as a user of its own, shipping the application's logs; `handover` comes before it is started. */
export function alloyResources(
  vars: Vars,
  { machine }: Facts,
  site: Site,
  handover: readonly Resource[],
): readonly Resource[] {
  const shipper = alloy(vars);
  return [
    group({ name: ALLOY, system: true }, { tags }),
    user({ name: ALLOY, group: ALLOY, shell: "/usr/sbin/nologin", system: true }, { tags }),
    releaseResource(shipper, vars, machine, site),
    logAccess(vars, ALLOY),
    ...gatewayResources(vars, site, ALLOY),
    directory({ path: dirname(configPath) }, { tags }),
    file(
      {
        path: configPath,
        content: config(vars, site),
        mode: "0640",
        group: ALLOY,
        validate: (staged) => sh`${binary(shipper)} validate ${staged} >&2`,
      },
      { tags },
    ),
    ...handover,
    unit(
      {
        name: "alloy.service",
        content: unitFile(vars, shipper),
        config: [configPath, installed(shipper), ...gatewayFiles(vars, site)],
      },
      { tags },
    ),
  ];
}

/** Alloy answers. It says nothing of what it can read: `logAccess` proved that. */
export function alloyGate({ alloy_port }: Vars): Resource {
  return http({ url: `http://127.0.0.1:${alloy_port}/-/ready` }, { tags });
}

function config(vars: Vars, site: Site): Text {
  return template("app/config.alloy.hbs", {
    pushUrl: pushUrl(site),
    login: loginValues(vars, site),
    environment: vars.environment,
    host: site.host.name,
    job: vars.log_job,
    logs: vars.app_logs,
    exclude: `${dirname(vars.app_logs)}/${vars.app_logs_exclude}`,
    firstLine: vars.log_first_line,
    jsonEntries: `{job="${vars.log_job}"} |~ "^\\\\{"`,
    legacyPositions: LEGACY_POSITIONS,
  });
}

function unitFile({ alloy_port, alloy_memory_mb }: Vars, shipper: Program): Text {
  return template("app/alloy.service.hbs", {
    version: shipper.version,
    program: binary(shipper),
    storage: `--storage.path=${STORAGE}`,
    listen: `--server.http.listen-addr=127.0.0.1:${alloy_port}`,
    config: configPath,
    memoryMax: `${alloy_memory_mb}M`,
    // Go's limit is soft: the rest is for what it does not count.
    goMemoryLimit: `GOMEMLIMIT=${Math.floor(alloy_memory_mb * 0.7)}MiB`,
  });
}
