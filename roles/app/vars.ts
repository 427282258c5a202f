import { boolean, integer, oneOf, optional, port, secret, string } from "hostwright";
import { address } from "../monitoring/vars.ts";
import { releasePins } from "../versions.ts";
import { ROTATED } from "./rotated.ts";

/** Vars of role app. */
export const appVars = {
  environment: string("Which environment the host belongs to; a label of all its logs and metrics", {
    pattern: "^[a-z][a-z0-9_-]*$",
  }),
  address,

  node_exporter_tls: boolean("node_exporter answers by TLS only, and only to who has metrics_password", {
    default: false,
  }),
  metrics_password: optional(
    secret("The password that Prometheus reads node_exporter with, one an environment; for node_exporter_tls", {
      format: "bcrypt",
    }),
  ),
  gateway_password: optional(
    secret("The password that the environment pushes logs and traces with, where the monitoring host has a gateway", {
      format: "bcrypt",
    }),
  ),
  gateway_ca: optional(
    secret("The certificate of the gateway's own CA (PEM). Unset: playbooks/site.mts reads it on the monitoring host"),
  ),

  app_user: string("The user that the application runs as and whose home has its logs", {
    format: "account",
    default: "ubuntu",
  }),
  app_group: string("That user's group", { format: "account", default: "ubuntu" }),
  app_logs: string("The application's log files: a folder and one pattern of file names", {
    pattern: "^(/[A-Za-z0-9._@+-]+)+/[^/{}]+$",
    format: "glob",
    default: "/home/ubuntu/fittoring/logs/*.log",
  }),
  app_logs_exclude: string(
    "File names in that folder not to ship: rotated files would be shipped twice. {a,b} is either",
    {
      pattern: "^[^/]+$",
      format: "glob",
      default: ROTATED,
    },
  ),
  app_env_file: string("The application's environment file; only the tracing entries in it are managed", {
    pattern: "^(/[A-Za-z0-9._@+-]+)+$",
    default: "/home/ubuntu/fittoring/.env",
  }),
  app_service: optional(
    string("The application's systemd unit, restarted when its environment file changes. Unset: nothing is restarted", {
      pattern: "^[A-Za-z0-9:_.@-]+[.]service$",
    }),
  ),
  app_metrics_port: port("Where the application serves its metrics; Spring Boot's own port unless told", {
    default: 8080,
  }),
  app_metrics_path: string("The path of the application's metrics", {
    pattern: "^/[^\\s?#]*$",
    default: "/prometheus-provider",
  }),
  app_metrics_scheme: oneOf("How the application's metrics are read", ["http", "https"], { default: "http" }),
  app_metrics_known: string("A metric that the application has, for the check that its metrics path is the right one", {
    pattern: "^[a-zA-Z_:][a-zA-Z0-9_:]*$",
    default: "jvm_memory_used_bytes",
  }),
  app_metrics_tls_verify: boolean("Whether https needs a certificate that the monitoring host can verify", {
    default: true,
  }),

  tracing_enable: boolean("Whether the application sends traces", { default: false }),
  db_tracing_enable: boolean("Whether traces show the application's SQL", { default: false }),

  log_job: string("Label `job` of the application's logs", {
    pattern: "^[A-Za-z_][A-Za-z0-9_-]*$",
    default: "fittoring_logs",
  }),
  log_agent: oneOf(
    "What ships the logs: Promtail, which reached its end of life on 2026-03-02, or Grafana Alloy",
    ["promtail", "alloy"],
    {
      default: "promtail",
    },
  ),
  log_first_line: string(
    "How the first line of a log entry looks (RE2); lines that do not match belong to the entry before",
    { format: "re2", default: "^\\{|^No mapping for " },
  ),
  promtail_version: string("Promtail's version; 3.6.11 is the last that was released", {
    pattern: "^(2[.][0-9]+[.][0-9]+|3[.][0-5][.][0-9]+|3[.]6[.]([0-9]|1[01]))$",
    default: releasePins.promtail.version,
  }),
  alloy_version: string("Alloy's version; its `validate` command, which the role uses, came with 1.9", {
    pattern: "^(1[.](9|[1-9][0-9])[.][0-9]+|[2-9][.][0-9]+[.][0-9]+)$",
    default: releasePins.alloy.version,
  }),
  alloy_port: port("Alloy's own port, on 127.0.0.1 only", { default: 12345 }),
  alloy_memory_mb: integer("Memory limit of Alloy in MB", { minimum: 128, maximum: 65_536, default: 256 }),
  promtail_port: port("Promtail's own port, on 127.0.0.1 only", { default: 9080 }),
  promtail_memory_mb: integer("Memory limit of Promtail in MB", { minimum: 64, maximum: 65_536, default: 160 }),

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
  release_mirror: optional(
    string("A URL whose folder has the release archives under their upstream names; unset: GitHub", {
      format: "folder-url",
    }),
  ),
};
