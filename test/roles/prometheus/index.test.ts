import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import t from "tap";
import { type HostVars, type Script, sh } from "../../../engine/index.ts";
import { FORGET } from "../../../roles/container.ts";
import { comesInOrder } from "../order.ts";
import { desiredOf, monitoringPlan, projectOf, serviceOf } from "../plans.ts";
import { appHost, dataOf, filesOf, textOf } from "../site.ts";

const folder = "/opt/monitoring/prometheus";
const dev = appHost("app-dev", "dev", { address: "192.0.2.21", node_exporter_port: 443, app_metrics_port: 8081 });
const prod = appHost("app-prod", "prod", { address: "192.0.2.31", app_metrics_scheme: "https" });

const plan = (...apps: readonly HostVars[]) => monitoringPlan({}, apps);

/** The files that Prometheus reads; which inventory has which environment is for ourselves. */
const files = (...apps: readonly HostVars[]) =>
  new Map(
    [...filesOf(plan(...apps).resources)].filter(
      ([path]) => path.startsWith(folder) && !path.startsWith(`${folder}/inventories/`),
    ),
  );

t.test("its data is on the volume at the place where it writes, and deleted by age and by size", async (t) => {
  const service = serviceOf(monitoringPlan({ prometheus_retention_days: 3 }).resources, "prometheus");
  t.ok(service.volumes.includes("prometheus-data:/prometheus"));
  t.ok(service.command.includes("--storage.tsdb.path=/prometheus"));
  t.ok(service.command.includes("--storage.tsdb.retention.time=3d"));
  t.ok(service.command.includes("--storage.tsdb.retention.size=2580MB"));
});

t.test("nobody's host is taken, and each file is there before the one that leads to it", async (t) => {
  comesInOrder(t, plan(dev, prod).resources, [
    /^directory .*\/prometheus\/inventories$/,
    /^command no host belongs to two inventories$/,
    /^command environments that left the inventory have no jobs$/,
    /^file .*\/prometheus\/inventories\/(dev|prod)$/,
    /^file .*\/prometheus\/rules\//,
    /^file .*\/prometheus\/targets\//,
    /^file .*\/prometheus\/jobs\//,
    /^file .*\/prometheus\/prometheus\.yml$/,
    /^compose monitoring$/,
    /^command Prometheus runs its configuration$/,
  ]);
});

t.test("it reads each container that has metrics, itself included", async (t) => {
  const { scrape_configs } = dataOf(plan(dev).resources, `${folder}/prometheus.yml`);
  t.same((scrape_configs as unknown as { job_name: string }[]).map(({ job_name }) => job_name).sort(), [
    "grafana",
    "loki",
    "prometheus",
    "tempo",
  ]);
});

t.test("the jobs are named by environment and kind, one pair an environment", async (t) => {
  const { resources } = plan(dev, prod);
  const names = ["dev", "prod"].flatMap((name) =>
    (dataOf(resources, `${folder}/jobs/${name}.yml`).scrape_configs as unknown as { job_name: string }[]).map(
      ({ job_name }) => job_name,
    ),
  );
  t.same(names, ["dev_os_metrics", "dev_app_metrics", "prod_os_metrics", "prod_app_metrics"]);
});

t.test("each job reads its own targets, which carry environment and host", async (t) => {
  const { resources } = plan(dev, prod);
  t.match(dataOf(resources, `${folder}/jobs/dev.yml`).scrape_configs, [
    { file_sd_configs: [{ files: ["/etc/prometheus/targets/dev_os_metrics.yml"], refresh_interval: "30s" }] },
    { file_sd_configs: [{ files: ["/etc/prometheus/targets/dev_app_metrics.yml"] }] },
  ]);
  t.same(dataOf(resources, `${folder}/targets/dev_os_metrics.yml`), [
    { targets: ["192.0.2.21:443"], labels: { environment: "dev", host: "app-dev" } },
  ]);
  t.match(dataOf(resources, `${folder}/targets/prod_app_metrics.yml`), [
    {
      targets: ["192.0.2.31:8080"],
      labels: { environment: "prod", host: "app-prod", __scheme__: "https", __metrics_path__: "/prometheus-provider" },
    },
  ]);
});

t.test("node_exporter is read over http, since that is what it speaks", async (t) => {
  t.notMatch(textOf(plan(dev).resources, `${folder}/targets/dev_os_metrics.yml`), /scheme/);
  t.notMatch(dataOf(plan(dev).resources, `${folder}/jobs/dev.yml`).scrape_configs, [{ scheme: "https" }]);
});

t.test("an inventory of one environment writes nothing of another's, and the same common files", async (t) => {
  const [devOnly, prodOnly, both] = [files(dev), files(prod), files(dev, prod)];
  t.same(
    [...devOnly.keys()].filter((path) => path.includes("prod")),
    [],
  );
  t.same(new Map([...devOnly, ...prodOnly]), both);
  for (const name of ["prometheus.yml", "rules/basic.yml"]) {
    t.equal(devOnly.get(`${folder}/${name}`), prodOnly.get(`${folder}/${name}`), name);
    t.notMatch(devOnly.get(`${folder}/${name}`), /\bdev\b|\bprod\b/, name);
  }
  t.same(projectOf(plan(dev).resources), projectOf(plan(prod).resources));
});

t.test("a host that left the inventory loses its targets", async (t) => {
  const second = appHost("app-dev-2", "dev");
  t.match(textOf(plan(dev, second).resources, `${folder}/targets/dev_os_metrics.yml`), /app-dev-2/);
  t.notMatch(textOf(plan(dev).resources, `${folder}/targets/dev_os_metrics.yml`), /app-dev-2/);
});

t.test("a certificate goes unverified only where an app host says so", async (t) => {
  const skip = (host: HostVars) => textOf(plan(host).resources, `${folder}/jobs/prod.yml`);
  t.match(skip(prod), /insecure_skip_verify: false/);
  t.match(skip({ ...prod, vars: { ...prod.vars, app_metrics_tls_verify: false } }), /insecure_skip_verify: true/);
});

const loaded = (...apps: readonly HostVars[]) =>
  desiredOf<{ run: Script; unless: Script; after: readonly string[] }>(
    plan(...apps).resources,
    "Prometheus runs its configuration",
  );

t.test("configuration is reloaded after a change, targets are not: Prometheus watches those itself", async (t) => {
  const written = [...files(dev, prod).keys()].filter((path) => !path.includes("/targets/"));
  t.same([...loaded(dev, prod).after].sort(), [...written, FORGET].sort());
  t.match(loaded(dev).run.text, /kill -HUP "\$\(docker inspect/);
  t.notMatch(
    loaded(dev).run.text,
    /docker \S*kill|compose\S* kill/,
    "docker's would keep it from coming back after a restart",
  );
  t.notMatch(loaded(dev).unless.text, /HUP/);
});

t.test("what Prometheus is asked for is a mark of the main file and the rules, and is in the main file", async (t) => {
  const rules = dataOf(plan(dev).resources, `${folder}/prometheus.yml`).rule_files as unknown as string[];
  t.match(rules, ["/etc/prometheus/rules/*.yml", /^\/etc\/prometheus\/rules\/none-[0-9a-f]{16}-\*$/]);
  t.match(loaded(dev).unless.text, `grep -q -F -e '${rules[1]}'`);
  const other = dataOf(monitoringPlan({ scrape_interval_seconds: 30 }, [dev]).resources, `${folder}/prometheus.yml`);
  t.not((other.rule_files as unknown as string[])[1], rules[1]);
});

t.test("each file is judged by the image's own promtool before it goes live; targets are not", async (t) => {
  const checks = (path: string) => {
    const desired = desiredOf<{ validate?: (staged: Script) => Script }>(plan(dev).resources, `${folder}/${path}`);
    return desired.validate?.(sh`"$staged"`).text;
  };
  t.match(
    checks("prometheus.yml"),
    / '--entrypoint' '\/bin\/promtool' 'prom\/prometheus:[^']+' 'check' 'config' '\/staged/,
  );
  t.match(checks("jobs/dev.yml"), "'check' 'config'");
  t.match(checks("rules/basic.yml"), "'check' 'rules'");
  t.match(
    checks("rules/basic.yml"),
    `--volume "$staged":'/staged/rules.yml':ro '--volume' '${folder}:/etc/prometheus:ro'`,
  );
  t.equal(checks("targets/dev_os_metrics.yml"), undefined);
});

t.test("the intervals fit each other, also when metrics are read often", async (t) => {
  const { global } = dataOf(monitoringPlan({ scrape_interval_seconds: 5 }).resources, `${folder}/prometheus.yml`);
  t.match(global, { scrape_interval: "5s", scrape_timeout: "5s" });
});

t.test("Prometheus has no alerts of its own: Grafana evaluates them", async (t) => {
  t.same(dataOf(plan(dev).resources, `${folder}/rules/basic.yml`), { groups: [] });
});

/** `scrape_config_files` came with 2.43; the lab's Prometheus, and Debian 13's, are newer. */
function promtoolMissing(): string | false {
  const [, major = "0", minor = "0"] =
    /version (\d+)\.(\d+)/.exec(String(spawnSync("promtool", ["--version"]).stdout)) ?? [];
  return Number(major) * 1000 + Number(minor) >= 2043 ? false : "needs promtool 2.43 or newer (Debian 13: prometheus)";
}

t.test("promtool accepts the configuration, its rules, jobs and targets", { skip: promtoolMissing() }, async (t) => {
  const dir = t.testdir();
  for (const [path, text] of files(dev, prod)) {
    const copy = path.replace(folder, dir);
    mkdirSync(dirname(copy), { recursive: true });
    writeFileSync(copy, text.replaceAll("/etc/prometheus", dir));
  }
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "config", `${dir}/prometheus.yml`]);
  t.equal(status, 0, `${stdout}${stderr}`);
});
