import t from "tap";
import { parse } from "yaml";
import { type HostVars, type Resource, Secret } from "../../engine/index.ts";
import { monitoring } from "../../roles/monitoring/index.ts";
import { appHost, dataOf, filesOf, monitoringFacts, monitoringHost, namesOf, siteOf, textOf } from "./site.ts";

interface Service {
  readonly image: string;
  readonly ports: readonly string[];
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly mem_limit: string;
  readonly memswap_limit: string;
  readonly restart: string;
  readonly logging: { readonly driver: string; readonly options: Readonly<Record<string, string>> };
  readonly healthcheck: { readonly test: readonly string[]; readonly interval: string };
}

const apps = [appHost("dev-1", "dev"), appHost("prod-1", "prod")];

function plan(vars: HostVars["vars"] = {}, others: readonly HostVars[] = apps) {
  const site = siteOf([monitoringHost(vars), ...others]);
  const reading = monitoring.plan(site.host, monitoringFacts, site);
  if ("errors" in reading) throw new Error(JSON.stringify(reading.errors));
  return reading.value;
}

const resources = (vars: HostVars["vars"] = {}) => plan(vars).resources;
const composeText = (all: readonly Resource[]) => String(composeOf(all).content);
const services = (all: readonly Resource[]) =>
  (parse(composeText(all), { merge: true }) as { services: Record<string, Service> }).services;

function composeOf(all: readonly Resource[]) {
  const { desired } = all.find(({ kind }) => kind.name === "compose") ?? {};
  return desired as { content: string; services: Record<string, { image: string; config?: readonly string[] }> };
}

function service(name: string, vars: HostVars["vars"] = {}): Service {
  const found = services(resources(vars))[name];
  if (!found) throw new Error(`found no service ${name}`);
  return found;
}

const all = ["grafana", "loki", "prometheus", "tempo"];

t.test("the role's resources come in the order in which each needs the one before", async (t) => {
  const prometheus = "/opt/monitoring/prometheus";
  t.same(namesOf(resources()), [
    "directory /etc/docker",
    "file /etc/docker/daemon.json",
    "package ca-certificates, curl, docker.io, docker-cli, docker-compose",
    "unit docker.service",
    'command data of another major version than Tempo 3 is not taken over without tempo_upgrade_confirmed: "3"',
    "directory /opt/monitoring",
    "directory /opt/monitoring/grafana",
    "directory /opt/monitoring/grafana/dashboards",
    "directory /opt/monitoring/grafana/provisioning",
    "directory /opt/monitoring/grafana/provisioning/datasources",
    "directory /opt/monitoring/grafana/provisioning/dashboards",
    "directory /opt/monitoring/grafana/provisioning/alerting",
    "file /opt/monitoring/grafana/provisioning/datasources/datasources.yml",
    "file /opt/monitoring/grafana/provisioning/dashboards/dashboards.yml",
    "file /opt/monitoring/grafana/provisioning/alerting/rules.json",
    ...["overview", "host", "application", "logs", "traces", "stack"].map(
      (name) => `file /opt/monitoring/grafana/dashboards/${name}.json`,
    ),
    "directory /opt/monitoring/secrets",
    "absent /opt/monitoring/grafana/provisioning/alerting/contact-points.yml",
    "absent /opt/monitoring/secrets/grafana_smtp_password",
    "file /opt/monitoring/secrets/grafana_admin_password",
    "directory /opt/monitoring/loki",
    "file /opt/monitoring/loki/loki.yaml",
    "directory /opt/monitoring/tempo",
    "file /opt/monitoring/tempo/tempo.yaml",
    ...["", "/rules", "/jobs", "/targets", "/inventories"].map((name) => `directory ${prometheus}${name}`),
    "command no host belongs to two inventories",
    "command environments that left the inventory have no jobs",
    ...["dev", "prod"].map((name) => `file ${prometheus}/inventories/${name}`),
    `file ${prometheus}/rules/basic.yml`,
    `file ${prometheus}/targets/dev_os_metrics.yml`,
    `file ${prometheus}/targets/dev_app_metrics.yml`,
    `file ${prometheus}/targets/prod_os_metrics.yml`,
    `file ${prometheus}/targets/prod_app_metrics.yml`,
    `file ${prometheus}/jobs/dev.yml`,
    `file ${prometheus}/jobs/prod.yml`,
    `file ${prometheus}/prometheus.yml`,
    "compose monitoring",
    "http http://192.0.2.10:80/api/health",
    "http http://192.0.2.10:8080/ready",
    "http http://127.0.0.1:9090/-/ready",
    "http http://127.0.0.1:3200/ready",
    "http Loki runs its configuration",
    "http Tempo runs its configuration",
    "command Prometheus runs its configuration",
    "command Grafana's administrator has the password of the vars",
  ]);
});

t.test("every file of the role is valid YAML or JSON", async (t) => {
  const files = [...filesOf(resources())].filter(([path]) => /\.(ya?ml|json)$/.test(path));
  t.ok(files.length >= 11);
  for (const [path, text] of files) t.doesNotThrow(() => parse(text, { merge: true }), path);
});

t.test("Docker is told to rotate logs before it is installed, and is restarted when that changes", async (t) => {
  const names = namesOf(resources());
  const daemon = names.indexOf("file /etc/docker/daemon.json");
  t.ok(daemon >= 0 && daemon < names.findIndex((name) => name.startsWith("package ")));
  t.match(dataOf(resources(), "/etc/docker/daemon.json"), {
    "log-driver": "json-file",
    "log-opts": { "max-size": "10m", "max-file": "3" },
    "registry-mirrors": [],
  });
  const docker = resources().find(({ id }) => id === "docker.service");
  t.match(docker?.desired, { config: ["/etc/docker/daemon.json"] });
});

t.test("every service is pinned, limited, kept alive, asked for its health, and rotates its log", async (t) => {
  t.same(Object.keys(services(resources())).sort(), all);
  for (const [name, found] of Object.entries(services(resources()))) {
    t.match(found.image, /:v?\d+\.\d+\.\d+(@sha256:[0-9a-f]{64})?$/, name);
    t.match(
      found,
      { restart: "unless-stopped", logging: { driver: "json-file", options: { "max-size": "10m" } } },
      name,
    );
    t.match(found.mem_limit, /^\d+m$/, name);
    t.equal(found.memswap_limit, found.mem_limit, name);
    t.equal(found.healthcheck.test[0], "CMD", name);
    t.equal(found.healthcheck.interval, "15s", name);
  }
});

t.test("the limits of all four leave a 2 GB host a quarter of its memory", async (t) => {
  const sum = all.map((name) => Number.parseInt(service(name).mem_limit, 10)).reduce((a, b) => a + b);
  t.ok(sum <= 2048 * 0.75, `${sum} MB`);
});

t.test("the compose file has no version, no env_file, and its volumes are the ones that are mounted", async (t) => {
  const data = parse(composeText(resources()), { merge: true });
  t.notOk("version" in data);
  t.notMatch(composeText(resources()), /env_file|:latest|grafana-oss/);
  const mounted = all.flatMap((name) => service(name).volumes.map((volume) => volume.split(":")[0] ?? ""));
  t.same(mounted.filter((source) => !source.startsWith(".")).sort(), Object.keys(data.volumes).sort());
});

t.test("each store's data is on the volume at the place where it writes", async (t) => {
  t.ok(service("prometheus").volumes.includes("prometheus-data:/prometheus"));
  t.ok(service("prometheus").command.includes("--storage.tsdb.path=/prometheus"));
  t.ok(service("loki").volumes.includes("loki-data:/loki"));
  t.match(dataOf(resources(), "/opt/monitoring/loki/loki.yaml"), { common: { path_prefix: "/loki" } });
  t.ok(service("tempo").volumes.includes("tempo-data:/var/tempo"));
  t.match(textOf(resources(), "/opt/monitoring/tempo/tempo.yaml"), /path: \/var\/tempo\/blocks/);
  t.ok(service("grafana").volumes.includes("grafana-data:/var/lib/grafana"));
});

t.test(
  "the story's three ports are published on the private address; Prometheus and Tempo answer on the host itself only",
  async (t) => {
    t.same(service("grafana").ports, ["192.0.2.10:80:3000"]);
    t.same(service("loki").ports, ["192.0.2.10:8080:3100"]);
    t.same(service("prometheus").ports, ["127.0.0.1:9090:9090"]);
    t.same(service("tempo").ports, ["192.0.2.10:443:4317", "127.0.0.1:3200:3200"]);
  },
);

t.test("Tempo listens where it is published, and Grafana asks there", async (t) => {
  const tempo = dataOf(resources(), "/opt/monitoring/tempo/tempo.yaml");
  t.match(tempo, { server: { http_listen_port: 3200 } });
  t.same(tempo.distributor, { receivers: { otlp: { protocols: { grpc: { endpoint: "0.0.0.0:4317" } } } } });
  const sources = dataOf(resources(), "/opt/monitoring/grafana/provisioning/datasources/datasources.yml");
  t.match(sources.datasources, [
    { uid: "prometheus", url: "http://prometheus:9090", isDefault: true },
    { uid: "loki", url: "http://loki:3100" },
    { uid: "tempo", url: "http://tempo:3200" },
  ]);
});

t.test("OTLP over HTTP is received and published together, or not at all", async (t) => {
  const vars = { otlp_http_port: 4318 };
  t.ok(service("tempo", vars).ports.includes("192.0.2.10:4318:4318"));
  t.match(textOf(resources(vars), "/opt/monitoring/tempo/tempo.yaml"), /http:\n +endpoint: "0\.0\.0\.0:4318"/);
});

t.test("a publish address is where Grafana, Loki and OTLP are published and asked", async (t) => {
  const vars = { publish_address: "10.0.0.5", grafana_port: 8000 };
  t.same(service("grafana", vars).ports, ["10.0.0.5:8000:3000"]);
  const gates = resources(vars).filter(({ kind }) => kind.name === "http");
  t.same(
    gates.map(({ id }) => id),
    [
      "http://10.0.0.5:8000/api/health",
      "http://10.0.0.5:8080/ready",
      "http://127.0.0.1:9090/-/ready",
      "http://127.0.0.1:3200/ready",
      "Loki runs its configuration",
      "Tempo runs its configuration",
    ],
  );
  t.match(gates.at(-2)?.desired, { url: "http://10.0.0.5:8080/config" });
});

t.test("a changed configuration is a changed service, of exactly the one that reads it", async (t) => {
  const before = services(resources());
  const after = services(resources({ loki_retention_hours: 48 }));
  const label = (found: Service | undefined) => found?.labels?.["hostwright.config"];
  t.not(label(after.loki), label(before.loki));
  t.same({ ...after, loki: undefined }, { ...before, loki: undefined });
  const followed = composeOf(resources()).services;
  t.same(followed.loki?.config, ["/opt/monitoring/loki/loki.yaml"]);
  t.same(followed.prometheus?.config, undefined, "Prometheus is reloaded instead");
});

t.test("everything is deleted some day, and Prometheus by size too", async (t) => {
  const vars = { loki_retention_hours: 48, tempo_retention_hours: 24, prometheus_retention_days: 3 };
  const loki = dataOf(resources(vars), "/opt/monitoring/loki/loki.yaml");
  t.match(loki, { compactor: { retention_enabled: true, delete_request_store: "filesystem" } });
  t.match(loki, { limits_config: { retention_period: "48h", reject_old_samples_max_age: "48h" } });
  t.match(loki, { server: { log_level: "warn" }, pattern_ingester: { enabled: false } });
  t.match(dataOf(resources(vars), "/opt/monitoring/tempo/tempo.yaml"), {
    backend_worker: { compaction: { block_retention: "24h" } },
    overrides: { defaults: { compaction: { block_retention: "24h" } } },
  });
  t.ok(service("prometheus", vars).command.includes("--storage.tsdb.retention.time=3d"));
  t.ok(service("prometheus", vars).command.includes("--storage.tsdb.retention.size=2580MB"));
});

t.test("the password is in one file, of Grafana's own user, and nowhere else", async (t) => {
  const password = resources().find(({ id }) => id === "/opt/monitoring/secrets/grafana_admin_password");
  t.match(password?.desired, { mode: "0400", owner: "472", group: "0", content: Secret });
  for (const [path, text] of filesOf(resources())) {
    if (path !== password?.id) t.notMatch(text, /it's a secret/, path);
  }
  t.notMatch(composeText(resources()), /it's a secret/);
  t.match(service("grafana").environment, {
    GF_SECURITY_ADMIN_PASSWORD__FILE: "/run/secrets/grafana_admin_password",
    GF_SECURITY_ADMIN_PASSWORD: undefined,
  });
});

t.test("a dollar sign in a value is Compose's to show, not to expand", async (t) => {
  t.equal(service("grafana", { grafana_url: "http://a/$HOME" }).environment.GF_SERVER_ROOT_URL, "http://a/$$HOME");
  t.equal(service("grafana").environment.GF_SERVER_ROOT_URL, undefined);
});

t.test("two services on one port are refused before anything is started", async (t) => {
  t.throws(() => plan({ loki_port: 80 }), /grafana_port and loki_port are both 80/);
  t.throws(() => plan({ otlp_http_port: 443 }), /otlp_grpc_port and otlp_http_port are both 443/);
});

t.test("the recap says where Grafana is, and what is not the real thing", async (t) => {
  t.equal(plan().notes[0], "Grafana: http://192.0.2.10 (user admin)");
  t.equal(plan({ grafana_port: 8000 }).notes[0], "Grafana: http://192.0.2.10:8000 (user admin)");
  const locked = { "grafana/loki:3.4.1": { sha256: "", source: "lab: stand-in" } };
  const host = monitoringHost({
    grafana_url: "https://g.example",
    loki_image: `grafana/loki:3.4.1@sha256:${"0".repeat(64)}`,
  });
  const site = siteOf([host], locked);
  const reading = monitoring.plan(host, monitoringFacts, site);
  t.match(reading, {
    value: { notes: ["Grafana: https://g.example (user admin)", "grafana/loki:3.4.1 is lab: stand-in"] },
  });
});

t.test("a monitoring host alone, before there is any app host, can be planned", async (t) => {
  t.equal([...filesOf(plan({}, []).resources).keys()].filter((path) => /targets|jobs/.test(path)).length, 0);
});
