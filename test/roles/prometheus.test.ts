import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import t from "tap";
import type { HostVars } from "../../engine/index.ts";
import { monitoring } from "../../roles/monitoring/index.ts";
import { appHost, dataOf, filesOf, monitoringFacts, monitoringHost, siteOf, textOf } from "./site.ts";

const folder = "/opt/monitoring/prometheus";
const dev = appHost("app-dev", "dev", { address: "192.0.2.21", node_exporter_port: 443, app_metrics_port: 8081 });
const prod = appHost("app-prod", "prod", { address: "192.0.2.31", app_metrics_scheme: "https" });

function plan(...apps: readonly HostVars[]) {
  const site = siteOf([monitoringHost(), ...apps]);
  const reading = monitoring.plan(site.host, monitoringFacts, site);
  if ("errors" in reading) throw new Error(JSON.stringify(reading.errors));
  return reading.value;
}

const files = (...apps: readonly HostVars[]) =>
  new Map([...filesOf(plan(...apps).resources)].filter(([path]) => path.startsWith(folder)));

t.test("the jobs have the story's names, one pair an environment", async (t) => {
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
  const compose = (...apps: readonly HostVars[]) =>
    plan(...apps).resources.find(({ kind }) => kind.name === "compose")?.desired;
  t.same(compose(dev), compose(prod));
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

t.test("configuration is reloaded, targets are not: Prometheus watches those itself", async (t) => {
  for (const { id, kind, options } of plan(dev, prod).resources) {
    if (kind.name !== "file" || !id.startsWith(folder)) continue;
    t.same(options.notify ?? [], id.includes("/targets/") ? [] : ["reload prometheus"], id);
  }
  const reload = plan(dev).handlers["reload prometheus"]?.text;
  t.match(reload, /exec -T prometheus sh -c 'kill -HUP 1'/);
  t.notMatch(reload, /compose\S* kill/, "docker's kill would keep the container from coming back after a restart");
});

t.test("the intervals fit each other, also when metrics are read often", async (t) => {
  const host = monitoringHost({ scrape_interval_seconds: 5 });
  const reading = monitoring.plan(host, monitoringFacts, siteOf([host]));
  if ("errors" in reading) throw new Error("vars");
  const { global } = dataOf(reading.value.resources, `${folder}/prometheus.yml`);
  t.match(global, { scrape_interval: "5s", scrape_timeout: "5s" });
});

t.test("Prometheus has no alerts of its own: Grafana evaluates them", async (t) => {
  t.same(dataOf(plan(dev).resources, `${folder}/rules/basic.yml`), { groups: [] });
});

const promtool = spawnSync("promtool", ["--version"]).error ? "needs promtool (Debian: prometheus)" : false;

t.test("promtool accepts the configuration, its rules, jobs and targets", { skip: promtool }, async (t) => {
  const dir = t.testdir();
  for (const [path, text] of files(dev, prod)) {
    const copy = path.replace(folder, dir);
    mkdirSync(dirname(copy), { recursive: true });
    writeFileSync(copy, text.replaceAll("/etc/prometheus", dir));
  }
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "config", `${dir}/prometheus.yml`]);
  t.equal(status, 0, `${stdout}${stderr}`);
});
