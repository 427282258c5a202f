import { boolean, integer, optional, port, secret, string } from "hostwright";
import { environment } from "../hosts.ts";
import { releasePins } from "../versions.ts";

export const nodeExporterVars = {
  environment,
  node_exporter_tls: boolean("node_exporter answers by TLS only, and only to who has metrics_password", {
    default: false,
  }),
  metrics_password: optional(
    secret("The password that Prometheus reads node_exporter with, one an environment; for node_exporter_tls", {
      format: "bcrypt",
    }),
  ),
  node_exporter_version: string("node_exporter's version", {
    pattern: "^[0-9]+[.][0-9]+[.][0-9]+$",
    default: releasePins.node_exporter.version,
  }),
  node_exporter_port: port("Where the host's metrics are read; below 1024 needs no root either", { default: 9100 }),
  node_exporter_memory_mb: integer("Memory limit of node_exporter in MB", {
    minimum: 32,
    maximum: 65_536,
    default: 64,
  }),
};
