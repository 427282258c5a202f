import {
  directory,
  file,
  http,
  type Resource,
  type Script,
  sh,
  sha256,
  type Text,
  trusted,
  type VarsOf,
} from "hostwright";
import {
  type ComposePart,
  type DataPlan,
  defineContainer,
  escapeDollars,
  FORGET,
  goMemoryLimit,
  type Stack,
} from "../container.ts";
import { imageVersion } from "../images.ts";
import { root } from "../paths.ts";
import { LOOPBACK } from "../publish.ts";
import { shrinking } from "../retention.ts";
import { template } from "../templates.ts";
import { checkedBy } from "../validate.ts";
import { metricsAlerts } from "./alerts.ts";
import { type Files, folder, jobFiles, passwordPath, targetFiles } from "./files.ts";
import { reloaded } from "./reload.ts";
import { passwordFiles, remoteWriteOf } from "./remote-write.ts";
import { type Job, jobsOf, KINDS, passwordOf } from "./scrapes.ts";
import { prometheusVars } from "./vars.ts";

type Vars = VarsOf<typeof prometheusVars>;

const tagged = { tags: ["prometheus"] };

/** Prometheus' size limit counts blocks, not the head and its write-ahead log. */
const BLOCKS_SHARE = 0.8;
const DISK_SHARE = 0.35;

/** Reads and stores the metrics of all services, and those that Tempo makes of traces. */
export const prometheus = defineContainer({
  name: "prometheus",
  vars: prometheusVars,
  alerts: metricsAlerts,
  image: ({ prometheus_image }) => prometheus_image,
  share: { least: 160, measured: 384, beyond: 0.3 },
  wishedMb: ({ prometheus_memory_mb }) => prometheus_memory_mb,
  data: { what: "metrics", plan: dataPlan },
  // Blocks are called by ULIDs, which begin so until the year 2039; what changes in one is renamed over.
  stored: { volume: "prometheus-data", finished: ["./01*/?*"] },
  metrics: "127.0.0.1:9090",
  environmentFiles,
  listens: ({ prometheus_port: port }) => [
    {
      what: "Prometheus",
      address: LOOPBACK,
      port,
      setBy: "prometheus_port",
      tls: false,
      login: undefined,
      holders: [],
    },
  ],
  plan(vars, stack) {
    const config = configOf(vars, stack);
    const { mark, path } = config.main;
    return {
      compose: composePart(vars, stack),
      resources: resources(vars, stack, config),
      beforeCompose: limits(vars, stack),
      gates: [http({ url: `http://${LOOPBACK}:${vars.prometheus_port}/-/ready` }, tagged)],
      runsConfig: [
        reloaded(vars, { mark, after: [...Object.keys(config.rules), ...Object.keys(config.jobFiles), FORGET, path] }),
      ],
    };
  },
});

/** All that Prometheus reads. */
interface Config {
  readonly jobs: readonly Job[];
  readonly jobFiles: Files;
  readonly rules: Files;
  readonly main: { readonly path: string; readonly content: Text; readonly mark: string };
}

function configOf(vars: Vars, stack: Stack): Config {
  const jobs = jobsOf(stack.site);
  const rules = { [`${folder}/rules/basic.yml`]: template("prometheus/rules/basic.yml.hbs", {}) };
  return { jobs, jobFiles: jobFiles(jobs), rules, main: mainFile(vars, stack, rules) };
}

function dataPlan({ prometheus_retention_size_mb }: Vars, dataMb: number): DataPlan {
  const keeps = prometheus_retention_size_mb ?? Math.max(256, Math.floor(dataMb * DISK_SHARE * BLOCKS_SHARE));
  return { keeps, needsMb: Math.ceil(keeps / BLOCKS_SHARE) };
}

function composePart(vars: Vars, { image, memoryMb, keeps }: Stack): ComposePart {
  const [major] = imageVersion(vars.prometheus_image, "prometheus_image");
  const values = {
    image,
    memory: `${memoryMb}m`,
    health: ["CMD", "wget", "-q", "--spider", "http://127.0.0.1:9090/-/ready"],
    // From 3 on it reads the container's limit itself.
    goMemoryLimit: major >= 3 ? "" : goMemoryLimit(memoryMb, 0.9),
    port: `${LOOPBACK}:${vars.prometheus_port}:9090`,
    retentionTime: `--storage.tsdb.retention.time=${vars.prometheus_retention_days}d`,
    retentionSize: `--storage.tsdb.retention.size=${keeps}MB`,
    // 16 bytes a sample: one query may take a quarter of the memory. The default would take twice the memory of a 2 GB host's.
    querySamples: `--query.max-samples=${memoryMb * 16_384}`,
  };
  // Its configuration is reloaded: it is started again for none of its files.
  return { text: template("prometheus/service.hbs", escapeDollars(values)) };
}

/** What is common to all environments is one file; each environment has files of its own. */
function resources(vars: Vars, stack: Stack, { jobs, jobFiles, rules, main }: Config): readonly Resource[] {
  const check = checksOf(stack);
  return [
    ...["/rules", "/jobs", "/targets"].map((name) => directory({ path: `${folder}${name}` }, tagged)),
    ...passwordFiles(vars, folder).map((password) => file(password, tagged)),
    ...secretFiles(jobs),
    ...files(rules, check.rules),
    // Prometheus watches the files of targets; before the jobs, so that a job never starts with none.
    ...files(targetFiles(jobs)),
    ...files(jobFiles, check.config),
    // Last, because it is checked together with all that it leads to.
    file({ ...main, validate: check.config }, tagged),
  ];
}

/** What it keeps is among its arguments, in the Compose file. */
function limits({ prometheus_retention_days }: Vars, { keeps }: Stack): readonly Resource[] {
  const common = { what: "metrics", path: `${root}/compose.yaml` };
  const before = (limit: string) => `--storage.tsdb.retention.${limit}=`;
  const [byAge, bySize] = ["prometheus by age", "prometheus by size"];
  return [
    shrinking({ ...common, name: byAge, before: before("time"), unit: "d", keeps: prometheus_retention_days }, [
      "compose",
    ]),
    shrinking({ ...common, name: bySize, before: before("size"), unit: "MB", keeps }, ["compose"]),
  ];
}

/** promtool of the very image reads the file as Prometheus would, and what it leads to. */
function checksOf({ image }: Stack) {
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

/**
 * No environment is named here: two inventories that share the host write the same bytes. The mark is a pattern of rule
 * files that never matches any: Prometheus shows it among its configuration, and it has no other effect.
 */
function mainFile(vars: Vars, stack: Stack, rules: Files): Config["main"] {
  const all = [renderMain(vars, stack, ""), ...Object.values(rules)];
  const mark = `/etc/prometheus/rules/none-${sha256(all.map(sha256).join()).slice(0, 16)}-*`;
  return { path: `${folder}/prometheus.yml`, content: renderMain(vars, stack, mark), mark };
}

function renderMain(vars: Vars, { metrics }: Stack, mark: string): Text {
  const { scrape_interval_seconds } = vars;
  return template("prometheus/prometheus.yml.hbs", {
    scrapeInterval: `${scrape_interval_seconds}s`,
    // Prometheus refuses a timeout that is longer than the interval.
    scrapeTimeout: `${Math.min(scrape_interval_seconds, 10)}s`,
    mark,
    remoteWrite: remoteWriteOf(vars) ?? "",
    metrics,
  });
}

function environmentFiles(name: Script): readonly Script[] {
  const targets = KINDS.map((kind) => sh`${`${folder}/targets`}/${name}_${trusted(kind)}_metrics.yml`);
  const password = sh`${`${folder}/secrets`}/${name}_metrics_password`;
  return [sh`${`${folder}/jobs`}/${name}.yml`, ...targets, password];
}

/** The files by which Prometheus asks services that want a password: before the jobs, which promtool reads with them. */
function secretFiles(jobs: readonly Job[]): readonly Resource[] {
  const secrets = jobs.flatMap((job) => {
    const content = passwordOf(job);
    const path = passwordPath(folder, job);
    return content === undefined ? [] : [file({ path, content, mode: "0400", owner: PROMETHEUS_UID }, tagged)];
  });
  if (secrets.length === 0) return [];
  return [directory({ path: `${folder}/secrets` }, tagged), ...secrets];
}

/** Prometheus' user in its image. */
const PROMETHEUS_UID = "65534";
