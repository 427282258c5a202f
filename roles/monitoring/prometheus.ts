import {
  directory,
  file,
  type Resource,
  type Script,
  type Site,
  sh,
  type Text,
  template,
  type VarsOf,
} from "../../engine/index.ts";
import { type Environment, environments, type ScrapeTarget } from "../endpoints.ts";
import { root } from "./paths.ts";
import type { monitoringVars } from "./vars.ts";

export const RELOAD = "reload prometheus";
const folder = `${root}/prometheus`;

/** Prometheus' configuration. What is common to all environments is one file; each environment has files of its own. */
export function prometheusResources(vars: VarsOf<typeof monitoringVars>, site: Site): readonly Resource[] {
  const reload = { notify: [RELOAD], tags: ["prometheus"] };
  const found = environments(site);
  return [
    ...["", "/rules", "/jobs", "/targets"].map((name) =>
      directory({ path: `${folder}${name}` }, { tags: ["prometheus"] }),
    ),
    ...files(commonFiles(vars), reload),
    // Prometheus watches the files of targets; before the jobs, so that a job never starts with none.
    ...found.flatMap((environment) => files(targetFiles(environment), { tags: ["prometheus"] })),
    ...found.flatMap((environment) => files(jobFiles(environment), reload)),
  ];
}

/** Tells Prometheus to read its configuration again, and fails unless it took it: it keeps the old one when it cannot. */
export function reloadPrometheus({ prometheus_port }: VarsOf<typeof monitoringVars>): Script {
  const compose = sh`docker compose --project-directory ${root} -f ${`${root}/compose.yaml`}`;
  const metrics = `http://127.0.0.1:${prometheus_port}/metrics`;
  const lastSuccess = '$1 == "prometheus_config_last_reload_success_timestamp_seconds" { print $2 }';
  return sh`
    last_success() { curl -fsS --max-time 5 ${metrics} | awk ${lastSuccess}; }
    before=$(last_success)
    [ -n "$before" ] || { echo "prometheus does not answer at "${metrics} >&2; exit 1; }
    # Not docker's kill: whatever the signal, it makes unless-stopped forget the container when the host restarts.
    ${compose} exec -T prometheus sh -c 'kill -HUP 1'
    for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
      now=$(last_success)
      [ -z "$now" ] || [ "$now" = "$before" ] || exit 0
      sleep 1
    done
    echo "prometheus refuses the new configuration and runs the old one; it says:" >&2
    docker logs --tail 20 "$(${compose} ps -q prometheus)" 2>&1 | grep -i error | tail -n 2 >&2
    exit 1`;
}

function files(contents: Readonly<Record<string, Text>>, options: Parameters<typeof file>[1]): readonly Resource[] {
  return Object.entries(contents).map(([path, content]) => file({ path, content }, options));
}

/** No environment is named here: two inventories that share the host write the same bytes. */
function commonFiles({ scrape_interval_seconds }: VarsOf<typeof monitoringVars>): Readonly<Record<string, Text>> {
  const scrapeInterval = `${scrape_interval_seconds}s`;
  // Prometheus refuses a timeout that is longer than the interval.
  const scrapeTimeout = `${Math.min(scrape_interval_seconds, 10)}s`;
  return {
    [`${folder}/prometheus.yml`]: template("monitoring/prometheus.yml.hbs", { scrapeInterval, scrapeTimeout }),
    [`${folder}/rules/basic.yml`]: template("monitoring/rules/basic.yml.hbs", {}),
  };
}

function jobFiles({ name, targets }: Environment): Readonly<Record<string, Text>> {
  const content = template("monitoring/jobs.yml.hbs", {
    osJob: `${name}_os_metrics`,
    appJob: `${name}_app_metrics`,
    osTargets: targetsPath("/etc/prometheus", name, "os"),
    appTargets: targetsPath("/etc/prometheus", name, "app"),
    skipVerify: targets.some(({ verifyTls }) => !verifyTls),
  });
  return { [`${folder}/jobs/${name}.yml`]: content };
}

function targetFiles({ name, targets }: Environment): Readonly<Record<string, Text>> {
  return {
    [targetsPath(folder, name, "os")]: template("monitoring/os-targets.yml.hbs", { targets }),
    [targetsPath(folder, name, "app")]: template("monitoring/app-targets.yml.hbs", { targets }),
  };
}

function targetsPath(base: string, environment: ScrapeTarget["environment"], kind: "os" | "app"): string {
  return `${base}/targets/${environment}_${kind}_metrics.yml`;
}
