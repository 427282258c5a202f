import { type Facts, group, http, type Resource, type Site, type Text, unit, user, type VarsOf } from "hostwright";
import { template } from "../templates.ts";
import { CERTIFICATE, tlsResources, webConfigFlag } from "./node-exporter-tls.ts";
import { binary, installed, nodeExporter, type Program, releaseResource } from "./releases.ts";
import type { appVars } from "./vars.ts";

type Vars = VarsOf<typeof appVars>;

const NAME = "node_exporter";
const tags = [NAME];
const FIRST_UNPRIVILEGED_PORT = 1024;

/** node_exporter as a user of its own, also on a port below 1024. */
export function nodeExporterResources(vars: Vars, { machine }: Facts, site: Site): readonly Resource[] {
  const exporter = nodeExporter(vars);
  return [
    group({ name: NAME, system: true }, { tags }),
    user({ name: NAME, group: NAME, shell: "/usr/sbin/nologin", system: true }, { tags }),
    releaseResource(exporter, vars, machine, site),
    ...tlsResources(vars, site),
    unit({ name: `${NAME}.service`, content: unitFile(vars, exporter), config: [installed(exporter)] }, { tags }),
  ];
}

/** The host's metrics can be read. */
export function nodeExporterGate({ node_exporter_port, node_exporter_tls }: Vars): Resource {
  // Without the password: what is proven is that it is asked for.
  if (node_exporter_tls) {
    const url = `https://127.0.0.1:${node_exporter_port}/metrics`;
    return http({ url, status: 401, caFile: CERTIFICATE, name: "node_exporter asks for a password" }, { tags });
  }
  return http({ url: `http://127.0.0.1:${node_exporter_port}/metrics`, contains: "node_uname_info" }, { tags });
}

function unitFile(vars: Vars, exporter: Program): Text {
  const { node_exporter_port: port, node_exporter_memory_mb: memoryMb } = vars;
  return template("app/node_exporter.service.hbs", {
    program: binary(exporter),
    // In the description: another version, also an older one, is another unit file and so a restart.
    version: exporter.version,
    webConfig: webConfigFlag(vars),
    listen: `--web.listen-address=:${port}`,
    mounts:
      "--collector.filesystem.mount-points-exclude=^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/.+)($|/)",
    devices: "--collector.netclass.ignored-devices=^(veth|br-|docker|lo).*",
    interfaces: "--collector.netdev.device-exclude=^(veth|br-|docker).*",
    bindsLowPort: port < FIRST_UNPRIVILEGED_PORT,
    memoryMax: `${memoryMb}M`,
  });
}
