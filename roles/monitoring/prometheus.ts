import {
  command,
  directory,
  file,
  type Resource,
  type Script,
  type Site,
  sh,
  sha256,
  type Text,
  trusted,
} from "hostwright";
import { type Environment, environments, METRICS_USER, type ScrapeTarget } from "../endpoints.ts";
import { template } from "../templates.ts";
import { USERS } from "./gateway.ts";
import { FORGET, ownership } from "./ownership.ts";
import { root } from "./paths.ts";
import type { Settings } from "./settings.ts";
import { remoteWriteOf, remoteWritePassword } from "./storage.ts";
import { checkedBy } from "./validate.ts";

type Files = Readonly<Record<string, Text>>;

const folder = `${root}/prometheus`;
const tagged = { tags: ["prometheus"] };

/** Prometheus' configuration. What is common to all environments is one file; each environment has files of its own. */
export function prometheusResources(settings: Settings, site: Site): readonly Resource[] {
  const found = environments(site);
  const check = checksOf(settings);
  return [
    ...["", "/rules", "/jobs", "/targets"].map((name) => directory({ path: `${folder}${name}` }, tagged)),
    ...ownership({ folder, environments: found.map(({ name }) => name), files: environmentFiles, ...tagged }, site),
    ...remoteWritePassword(settings, folder).map((password) => file(password, tagged)),
    ...passwordFiles(found),
    ...files(ruleFiles(), check.rules),
    // Prometheus watches the files of targets; before the jobs, so that a job never starts with none.
    ...found.flatMap((environment) => files(targetFiles(environment))),
    ...found.flatMap((environment) => files(jobFiles(environment), check.config)),
    // Last, because it is checked together with all that it leads to.
    file({ ...mainFile(settings), validate: check.config }, tagged),
  ];
}

/**
 * Prometheus runs what is on the disk: it says so itself, of the main file and rules by their mark, and of everything by
 * the time of its last reload, which takes all files or none. Where it does not, it is told to reload; a configuration that
 * it refuses fails the run, and it goes on with the old one. Nothing is restarted.
 */
export function prometheusRuns(settings: Settings, site: Site): Resource {
  const jobs = environments(site).flatMap((environment) => Object.keys(jobFiles(environment)));
  const { path, mark } = mainFile(settings);
  const loaded = isLoaded(settings, mark);
  return command(
    {
      name: "Prometheus runs its configuration",
      unless: sh`
        ${loaded}
        is_loaded`,
      run: reload(loaded),
      after: [...Object.keys(ruleFiles()), ...jobs, FORGET, path],
    },
    tagged,
  );
}

/** Defines `is_loaded`. Files that other inventories put there count too: a reload is one of all files. */
function isLoaded({ prometheus_port }: Settings, mark: string): Script {
  const url = `http://127.0.0.1:${prometheus_port}`;
  // A time ahead of the clock was written before the clock was set back: no reload could be later.
  const newest = '$1 <= now + 1 && $1 > newest { newest = $1 } END { printf "%.6f", newest }';
  const last = `
    $1 == "prometheus_config_last_reload_successful" { good = $2 }
    $1 == "prometheus_config_last_reload_success_timestamp_seconds" { at = $2 }
    END { exit !(good == 1 && at + 0 > newest + 0) }`;
  return sh`
    ask() { curl -q -fsS --max-time 5 -- ${url}"$1"; }
    changed() { find ${["prometheus.yml", "rules", "jobs"].map((name) => `${folder}/${name}`)} -printf '%C@\n'; }
    is_loaded() {
      newest=$(changed | awk -v now="$(date +%s)" ${newest}) &&
        ask /metrics | awk -v newest="$newest" ${last} &&
        ask /api/v1/status/config | grep -q -F -e ${mark}
    }`;
}

function reload(loaded: Script): Script {
  const compose = sh`docker compose --project-directory ${root} -f ${`${root}/compose.yaml`}`;
  return sh`
    ${loaded}
    if is_loaded; then exit 0; fi
    # Not docker's kill: whatever the signal, it makes unless-stopped forget the container when the host restarts.
    kill -HUP "$(docker inspect --format '{{.State.Pid}}' -- "$(${compose} ps -q prometheus)")"
    for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
      if is_loaded; then exit 0; fi
      sleep 1
    done
    echo "prometheus does not take the configuration on the disk and runs the old one; it says:" >&2
    docker logs --tail 20 "$(${compose} ps -q prometheus)" 2>&1 | grep -i error | tail -n 2 >&2
    exit 1`;
}

/** promtool of the very image reads the file as Prometheus would, and what it leads to. */
function checksOf({ prometheus_image: image }: Settings) {
  const common = { image, program: "/bin/promtool", folders: { "/etc/prometheus": folder } };
  const args = (what: string) => (path: string) => ["check", what, path];
  return {
    config: checkedBy({ ...common, args: args("config"), name: "prometheus.yml" }),
    rules: checkedBy({ ...common, args: args("rules"), name: "rules.yml" }),
  };
}

function files(contents: Files, validate?: (staged: Script) => Script): readonly Resource[] {
  return Object.entries(contents).map(([path, content]) =>
    file({ path, content, ...(validate ? { validate } : {}) }, tagged),
  );
}

function ruleFiles(): Files {
  return { [`${folder}/rules/basic.yml`]: template("monitoring/rules/basic.yml.hbs", {}) };
}

/**
 * No environment is named here: two inventories that share the host write the same bytes. The mark is a pattern of rule
 * files that never matches any: Prometheus shows it among its configuration, and it has no other effect.
 */
function mainFile(settings: Settings): { readonly path: string; readonly content: Text; readonly mark: string } {
  const all = [renderMain(settings, ""), ...Object.values(ruleFiles())];
  const mark = `/etc/prometheus/rules/none-${sha256(all.map(sha256).join()).slice(0, 16)}-*`;
  return { path: `${folder}/prometheus.yml`, content: renderMain(settings, mark), mark };
}

function renderMain(settings: Settings, mark: string): Text {
  const { scrape_interval_seconds } = settings;
  const scrapeInterval = `${scrape_interval_seconds}s`;
  // Prometheus refuses a timeout that is longer than the interval.
  const scrapeTimeout = `${Math.min(scrape_interval_seconds, 10)}s`;
  return template("monitoring/prometheus.yml.hbs", {
    scrapeInterval,
    scrapeTimeout,
    mark,
    remoteWrite: remoteWriteOf(settings) ?? "",
  });
}

function jobFiles({ name, targets }: Environment): Files {
  const content = template("monitoring/jobs.yml.hbs", {
    osJob: `${name}_os_metrics`,
    appJob: `${name}_app_metrics`,
    osTargets: targetsPath("/etc/prometheus", name, "os"),
    osLogin:
      passwordOf({ name, targets }) === undefined
        ? ""
        : { user: METRICS_USER, file: passwordPath("/etc/prometheus", name) },
    appTargets: targetsPath("/etc/prometheus", name, "app"),
    skipVerify: targets.some(({ verifyTls }) => !verifyTls),
  });
  return { [`${folder}/jobs/${name}.yml`]: content };
}

function targetFiles({ name, targets }: Environment): Files {
  return {
    [targetsPath(folder, name, "os")]: template("monitoring/os-targets.yml.hbs", { targets }),
    [targetsPath(folder, name, "app")]: template("monitoring/app-targets.yml.hbs", { targets }),
  };
}

/** Every file of an environment whose name is a word of the shell, its user of the gateway included. */
function environmentFiles(name: Script): Script {
  const targets = (kind: string) => sh`${`${folder}/targets`}/${name}_${trusted(kind)}_metrics.yml`;
  const password = sh`${`${folder}/secrets`}/${name}_metrics_password`;
  return sh`${`${folder}/jobs`}/${name}.yml ${targets("os")} ${targets("app")} ${password} ${USERS}/${name}.caddy`;
}

function targetsPath(base: string, environment: ScrapeTarget["environment"], kind: "os" | "app"): string {
  return `${base}/targets/${environment}_${kind}_metrics.yml`;
}

function passwordPath(base: string, environment: string): string {
  return `${base}/secrets/${environment}_metrics_password`;
}

/** The files by which Prometheus asks node_exporters that want a password: before the jobs, which promtool reads with them. */
function passwordFiles(found: readonly Environment[]): readonly Resource[] {
  const secrets = found.flatMap((environment) => {
    const content = passwordOf(environment);
    const path = passwordPath(folder, environment.name);
    return content === undefined ? [] : [file({ path, content, mode: "0400", owner: PROMETHEUS_UID }, tagged)];
  });
  if (secrets.length === 0) return [];
  return [directory({ path: `${folder}/secrets` }, tagged), ...secrets];
}

/** One job has one password for all of its targets, and would tell it to those that do not ask. */
function passwordOf({ name, targets }: Environment): Text | undefined {
  const passwords = targets.map(({ password }) => password);
  if (passwords.every((one) => one === undefined)) return undefined;
  if (passwords.includes(undefined))
    throw new Error(
      `environment ${name}: node_exporter_tls is to be the same on all of its hosts, with metrics_password`,
    );
  return passwords[0];
}

/** Prometheus' user in its image. */
const PROMETHEUS_UID = "65534";
