import { boolean, integer, oneOf, optional, port, string } from "hostwright";
import { loginVars } from "../gateway/login.ts";
import { logAgentVars } from "../log-agent/vars.ts";

/** What has to be known of the application, which is not ours. */
export const applicationVars = {
  ...loginVars,
  app_logs: logAgentVars.app_logs,
  app_user: string("The user that the application runs as and whose home has its logs", {
    format: "account",
    default: "ubuntu",
  }),
  app_group: string("That user's group", { format: "account", default: "ubuntu" }),
  app_env_file: string("The application's environment file; only the tracing entries in it are managed", {
    pattern: "^(/[A-Za-z0-9._@+-]+)+$",
    default: "/home/ubuntu/fittoring/.env",
  }),
  app_service: optional(
    string(
      "The application's systemd unit, restarted host after host when its settings change; the log agent stops after it, so that what it writes last is sent. Unset: nothing is restarted",
      {
        pattern: "^[A-Za-z0-9:_.@-]+[.]service$",
      },
    ),
  ),
  app_service_name: string("What the application's traces are sent under: its spring.application.name", {
    pattern: '^[^"\\\\\\x00-\\x1f]+$',
    default: "fittoring",
  }),
  app_trust_store: boolean(
    "Whether the JVM of an application that sends traces is told, by JDK_JAVA_OPTIONS in its environment file, to trust the gateway's own CA",
    { default: true },
  ),
  app_metrics_port: port("Where the application serves its metrics; Spring Boot's own port unless told", {
    default: 8080,
  }),
  app_metrics_path: string("The path of the application's metrics", {
    pattern: "^/[^\\s?#]*$",
    default: "/prometheus-provider",
  }),
  app_metrics_scheme: oneOf("How the application's metrics are read", ["http", "https"], { default: "http" }),
  app_health_path: string(
    "The path by which the application says that it is well, asked after a restart on the port of its metrics before the next host is restarted. Empty: its unit stays active",
    { pattern: "^(/[^\\s?#]*)?$", minLength: 0, default: "/healthcheck" },
  ),
  app_health_timeout: integer("For how many seconds a restarted application may take until it is well", {
    minimum: 1,
    maximum: 1800,
    default: 120,
  }),
  app_metrics_known: string("A metric that the application has, for the check that its metrics path is the right one", {
    pattern: "^[a-zA-Z_:][a-zA-Z0-9_:]*$",
    default: "jvm_memory_used_bytes",
  }),
  app_metrics_tls_verify: boolean("Whether https needs a certificate that the monitoring host can verify", {
    default: true,
  }),
  tracing_enable: boolean("Whether the application sends traces", { default: false }),
  db_tracing_enable: boolean("Whether traces show the application's SQL", { default: false }),
};
