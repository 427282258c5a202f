import { type Facts, http, type Resource, type Site, type Text, unit, type VarsOf } from "hostwright";
import { addressOf, endpoint } from "../hosts.ts";
import { account, binary, installed, type Program, releaseResource } from "../programs.ts";
import { defineHostService } from "../service.ts";
import { template } from "../templates.ts";
import { releasePins } from "../versions.ts";
import { hostAlerts } from "./alerts.ts";
import { host as dashboard } from "./dashboard.ts";
import { CERTIFICATE, tlsResources, webConfigFlag } from "./tls.ts";
import { nodeExporterVars } from "./vars.ts";

type Vars = VarsOf<typeof nodeExporterVars>;

const NAME = "node_exporter";
const tags = [NAME];
const FIRST_UNPRIVILEGED_PORT = 1024;

/** Prometheus' exporter of a host's own metrics, as a user of its own, also on a port below 1024. */
export const nodeExporter = defineHostService({
  name: NAME,
  vars: nodeExporterVars,
  alerts: hostAlerts,
  dashboards: [dashboard],
  program,
  listens: ({ node_exporter_port: port, node_exporter_tls: tls }) => [
    {
      what: NAME,
      address: "0.0.0.0",
      port,
      setBy: "node_exporter_port",
      tls,
      login: tls ? "Prometheus' user and password" : undefined,
      holders: [NAME],
    },
  ],
  scraped: {
    kind: "os",
    what: "host metrics",
    known: () => "node_uname_info",
    ownUrl,
    how: ({ node_exporter_port, node_exporter_tls, metrics_password }, host) => ({
      target: endpoint(addressOf(host), node_exporter_port),
      login:
        node_exporter_tls && metrics_password !== undefined
          ? { password: metrics_password, setBy: "node_exporter_tls, with metrics_password," }
          : undefined,
    }),
  },
  memoryMb: ({ node_exporter_memory_mb }) => node_exporter_memory_mb,
  resources,
  gates: (vars) => [gate(vars)],
});

function ownUrl({ node_exporter_port, node_exporter_tls }: Vars): string {
  return `${node_exporter_tls ? "https" : "http"}://127.0.0.1:${node_exporter_port}/metrics`;
}

function program({ node_exporter_version: version }: Vars): Program {
  const stem = (architecture: string) => `node_exporter-${version}.linux-${architecture}`;
  return {
    name: NAME,
    pin: releasePins.node_exporter,
    version,
    checksums: "sha256sums.txt",
    archive: (architecture) => `${stem(architecture)}.tar.gz`,
    inside: (architecture) => `${stem(architecture)}/node_exporter`,
  };
}

function resources(vars: Vars, site: Site, facts: Facts): readonly Resource[] {
  const exporter = program(vars);
  return [
    ...account(NAME),
    releaseResource(exporter, facts, site),
    ...tlsResources(vars, site),
    unit({ name: `${NAME}.service`, content: unitFile(vars, exporter), config: [installed(exporter)] }, { tags }),
  ];
}

/** The host's metrics can be read. */
function gate(vars: Vars): Resource {
  // Without the password: what is proven is that it is asked for.
  if (vars.node_exporter_tls)
    return http(
      { url: ownUrl(vars), status: 401, caFile: CERTIFICATE, name: "node_exporter asks for a password" },
      { tags },
    );
  return http({ url: ownUrl(vars), contains: "node_uname_info" }, { tags });
}

function unitFile(vars: Vars, exporter: Program): Text {
  const { node_exporter_port: port, node_exporter_memory_mb: memoryMb } = vars;
  return template("node-exporter/node_exporter.service.hbs", {
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
