import { dirname } from "node:path";
import { command, enterMade, envFile, type Handler, type Resource, type Site, sh, type VarsOf } from "hostwright";
import { caResources, loginEntries } from "../gateway/login.ts";
import { addressOf, endpoint, monitoringHost } from "../hosts.ts";
import { metricsProofs } from "../prometheus/proof.ts";
import { defineHostService, type HostService, type LeftOut } from "../service.ts";
import { otlpUrl } from "../tempo/push.ts";
import { applicationAlerts } from "./alerts.ts";
import { application as dashboard } from "./dashboard.ts";
import { ownMetricsUrl, withMetricsPath } from "./proof.ts";
import { restart } from "./restart.ts";
import { ownTraceProof } from "./trace-proof.ts";
import { trustResources, trustWords, unusedTrust } from "./trust-store.ts";
import { applicationVars } from "./vars.ts";

type Vars = VarsOf<typeof applicationVars>;

const RESTART = "restart the application";

/** The application that all of this is for. It is not ours: its metrics are read, and its tracing entries are written. */
export const application: HostService = defineHostService({
  name: "application",
  vars: applicationVars,
  alerts: applicationAlerts,
  dashboards: [dashboard],
  sends: true,
  unit: ({ app_service }) => app_service,
  listens: ({ app_metrics_port: port, app_metrics_scheme, app_metrics_path }) => [
    {
      what: `the application's metrics at ${app_metrics_path}`,
      address: "0.0.0.0",
      port,
      setBy: "app_metrics_port",
      tls: app_metrics_scheme === "https",
      login: undefined,
      holders: undefined,
    },
  ],
  reaches: (_vars, site) => [{ to: monitoringHost(site).name, what: "traces to Tempo", url: otlpUrl(site) }],
  scraped: {
    kind: "app",
    what: "application metrics",
    known: ({ app_metrics_known }) => app_metrics_known,
    ownUrl: ownMetricsUrl,
    how: (vars, host) => ({
      target: endpoint(addressOf(host), vars.app_metrics_port),
      place: { scheme: vars.app_metrics_scheme, path: vars.app_metrics_path, verifyTls: vars.app_metrics_tls_verify },
      leftOut: checks(vars),
    }),
  },
  proofs: (site) => [
    ...metricsProofs(application, site).map((proof) => withMetricsPath(proof, site)),
    ownTraceProof(site),
  ],
  // It was there before us.
  memoryMb: () => 0,
  resources: (vars, site) => [...folders(vars), ...tracingSettings(vars, site)],
  handlers: (vars): Readonly<Record<string, Handler>> =>
    vars.app_service ? { [RESTART]: restart(vars.app_service, vars) } : {},
});

/** Scrapes and health checks are requests too, as Micrometer counts them: four a minute that no user made. */
function checks({ app_metrics_path, app_health_path }: Vars): LeftOut {
  const values = [app_metrics_path, app_health_path].filter((path) => path !== "");
  return { metric: "http_server_requests_seconds", label: "uri", values };
}

/** A host may be prepared before the application was ever there. Folders that exist are left as they are. */
function folders({ app_logs, app_env_file, app_user, app_group }: Vars): readonly Resource[] {
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

/** Every other line of the file belongs to the application's team. One tag alone must not leave an entry without its trust store. */
function tracingSettings(vars: Vars, site: Site): readonly Resource[] {
  const tags = ["tracing", "gateway"];
  const options = { notify: vars.app_service ? [RESTART] : [], tags };
  const login = loginEntries(vars, site);
  const entries = {
    TRACING_ENABLE: String(vars.tracing_enable),
    TEMPO_GRPC_LISTENER_URL: otlpUrl(site),
    DB_TRACING_ENABLE: String(vars.db_tracing_enable),
    DEPLOY_ENV: vars.environment,
    ...login.entries,
  };
  const settings = { path: vars.app_env_file, owner: vars.app_user, entries, absent: login.absent };
  return [
    ...caResources(vars, site, { tags }),
    ...trustResources(vars, site, options),
    envFile({ ...settings, words: trustWords(vars, site) }, options),
    ...unusedTrust(vars, site, options),
  ];
}
