import t from "tap";
import { parse } from "yaml";
import { type HostVars, type Script, trusted } from "../../../engine/index.ts";
import { app } from "../../../roles/app/index.ts";
import { parents } from "../../../roles/log-agent/access.ts";
import { ROTATED } from "../../../roles/log-agent/rotated.ts";
import { appFacts, appHost, dataOf, filesOf, monitoringHost, namesOf, releases, siteOf, textOf } from "../site.ts";

const config = "/etc/promtail/config.yaml";

function plan(vars: HostVars["vars"] = {}, { locked = releases, facts = appFacts } = {}) {
  const site = siteOf([appHost("app-1", "dev", vars), monitoringHost()], locked);
  const reading = app.plan(site.host, facts, site);
  if ("errors" in reading) throw new Error(JSON.stringify(reading.errors));
  return reading.value;
}

const resources = (vars: HostVars["vars"] = {}) => plan(vars).resources;
const desired = (name: string, vars: HostVars["vars"] = {}) => {
  const index = namesOf(resources(vars)).indexOf(name);
  return resources(vars)[index]?.desired;
};

t.test("the role's resources come in the order in which each needs the one before", async (t) => {
  t.same(namesOf(resources()), [
    "package acl, ca-certificates, curl, unzip",
    "group node_exporter",
    "user node_exporter",
    "release /usr/local/bin/node_exporter",
    "unit node_exporter.service",
    "command folder /home/ubuntu/fittoring",
    "command folder /home/ubuntu/fittoring/logs",
    "group promtail",
    "user promtail",
    "release /usr/local/bin/promtail",
    "command promtail may read /home/ubuntu/fittoring/logs/*.log",
    "directory /etc/promtail",
    "file /etc/promtail/config.yaml",
    "unit alloy.service",
    "command Promtail knows what Alloy has shipped",
    "unit promtail.service",
    "env-file /home/ubuntu/fittoring/.env",
    "http http://127.0.0.1:9100/metrics",
    "http http://127.0.0.1:9080/ready",
  ]);
});

t.test("every file of the role is valid YAML", async (t) => {
  for (const [path, text] of filesOf(resources())) t.doesNotThrow(() => parse(text), path);
});

t.test("logs go to Loki's published port, and say which environment and host they are of", async (t) => {
  const [client] = dataOf(resources(), config).clients as unknown as Record<string, unknown>[];
  t.match(client, {
    url: "http://192.0.2.10:8080/loki/api/v1/push",
    external_labels: { environment: "dev", host: "app-1" },
    backoff_config: { max_retries: 0 },
  });
});

t.test(
  "Promtail listens on the host itself only, and keeps its positions where systemd made room for them",
  async (t) => {
    const data = dataOf(resources(), config);
    t.match(data.server, { http_listen_address: "127.0.0.1", grpc_listen_address: "127.0.0.1" });
    t.match(data.positions, { filename: "/var/lib/promtail/positions.yaml" });
    t.match(textOf(resources(), "promtail.service"), /^StateDirectory=promtail$/m);
  },
);

t.test("rotated files are left out, whatever the log folder is", async (t) => {
  const [job] = dataOf(resources({ app_logs: "/var/log/app/*.log" }), config).scrape_configs as unknown as [
    { static_configs: [{ labels: Record<string, string> }] },
  ];
  t.match(job.static_configs[0].labels, {
    job: "fittoring_logs",
    __path__: "/var/log/app/*.log",
    __path_exclude__: `/var/log/app/${ROTATED}`,
  });
});

t.test("an entry of many lines stays one, and gives its level as a label", async (t) => {
  const [job] = dataOf(resources(), config).scrape_configs as unknown as [{ pipeline_stages: unknown[] }];
  t.match(job.pipeline_stages, [
    { multiline: { firstline: String.raw`^\{|^No mapping for `, max_lines: 500 } },
    { match: { selector: String.raw`{job="fittoring_logs"} |~ "^\\{"` } },
  ]);
});

t.test("Promtail's configuration is tried with the host's own Promtail before it goes live", async (t) => {
  const { validate } = desired(`file ${config}`) as { validate: (staged: Script) => Script };
  t.equal(validate(trusted('"$staged"')).text, `'/usr/local/bin/promtail' -config.file="$staged" -check-syntax >&2`);
  t.match(desired(`file ${config}`), { mode: "0640", group: "promtail" });
});

t.test("both agents run as users of their own, with nothing they do not need", async (t) => {
  for (const [unit, user] of [
    ["promtail.service", "promtail"],
    ["node_exporter.service", "node_exporter"],
  ] as const) {
    const text = textOf(resources(), unit);
    for (const line of [
      `User=${user}`,
      "NoNewPrivileges=true",
      "ProtectSystem=strict",
      "ProtectHome=read-only",
      "CapabilityBoundingSet=",
      "Restart=always",
      "After=network-online.target",
      "Wants=network-online.target",
    ]) {
      t.ok(text.split("\n").includes(line), `${unit}: ${line}`);
    }
    t.match(text, /^MemoryMax=\d+M$/m, unit);
    t.match(text, /^TimeoutStopSec=\d+s$/m, unit);
    t.match(desired(`user ${user}`), { system: true, shell: "/usr/sbin/nologin" });
  }
});

t.test(
  "a restart follows a change of the configuration or of the program, not a new link to the same program",
  async (t) => {
    t.match(desired("unit promtail.service"), { config: [config, "/opt/promtail/3.4.1/promtail"] });
    t.match(desired("unit node_exporter.service"), { config: ["/opt/node_exporter/1.9.1/node_exporter"] });
    const other = textOf(resources({ node_exporter_version: "1.12.1" }), "node_exporter.service");
    t.not(other, textOf(resources(), "node_exporter.service"), "another version is another unit file");
  },
);

t.test("node_exporter may bind a port below 1024 without root, and only then may it", async (t) => {
  const low = textOf(resources({ node_exporter_port: 443 }), "node_exporter.service");
  t.match(low, /--web\.listen-address=:443 /);
  t.match(low, /^AmbientCapabilities=CAP_NET_BIND_SERVICE\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE$/m);
  t.notMatch(textOf(resources(), "node_exporter.service"), /CAP_NET_BIND_SERVICE/);
});

t.test("node_exporter's patterns reach it with their dollar signs", async (t) => {
  const text = textOf(resources(), "node_exporter.service");
  t.match(text, '"--collector.filesystem.mount-points-exclude=^/(dev|proc|');
  t.match(text, ')($$|/)"');
});

t.test("the application's tracing goes to the monitoring host, as its environment wants it", async (t) => {
  t.match(desired("env-file /home/ubuntu/fittoring/.env"), {
    owner: "ubuntu",
    entries: { TRACING_ENABLE: "false", TEMPO_GRPC_LISTENER_URL: "http://192.0.2.10:443", DB_TRACING_ENABLE: "false" },
  });
  t.match(desired("env-file /srv/app/.env", { tracing_enable: true, app_env_file: "/srv/app/.env" }), {
    entries: { TRACING_ENABLE: "true", DB_TRACING_ENABLE: "false" },
  });
});

t.test("the application is restarted only where its unit is named", async (t) => {
  t.same(plan().handlers, {});
  const named = plan({ app_service: "fittoring.service" });
  t.equal(named.handlers["restart the application"]?.text, "systemctl restart -- 'fittoring.service'");
  const settings = named.resources.find(({ kind }) => kind.name === "env-file");
  t.same(settings?.options.notify, ["restart the application"]);
});

for (const { machine, zip, tar, hash } of [
  { machine: "aarch64", zip: "promtail-linux-arm64.zip", tar: "node_exporter-1.9.1.linux-arm64", hash: /^848f1399/ },
  { machine: "x86_64", zip: "promtail-linux-amd64.zip", tar: "node_exporter-1.9.1.linux-amd64", hash: /^becb950e/ },
]) {
  t.test(`a ${machine} host gets ${zip} and ${tar}`, async (t) => {
    const found = plan({}, { facts: { ...appFacts, machine } }).resources.filter(({ kind }) => kind.name === "release");
    t.match(
      found.map((resource) => resource.desired),
      [
        {
          url: `https://github.com/prometheus/node_exporter/releases/download/v1.9.1/${tar}.tar.gz`,
          sha256: hash,
          files: { [`${tar}/node_exporter`]: "node_exporter" },
          links: { "/usr/local/bin/node_exporter": "node_exporter" },
        },
        {
          url: `https://github.com/grafana/loki/releases/download/v3.4.1/${zip}`,
          sha256: releases[zip]?.sha256 ?? "",
          files: { [zip.replace(".zip", "")]: "promtail" },
        },
      ],
    );
  });
}

t.test("a machine that nothing is released for is refused", async (t) => {
  t.throws(() => plan({}, { facts: { ...appFacts, machine: "riscv64" } }), /riscv64/);
});

t.test("the lock file wins over a pin; an archive that neither knows is refused", async (t) => {
  const name = "node_exporter-1.9.1.linux-arm64.tar.gz";
  const locked = { ...releases, [name]: { sha256: "c".repeat(64), source: "lab: Debian binary" } };
  const found = plan({}, { locked }).resources.find(({ kind }) => kind.name === "release");
  t.match(found?.desired, { sha256: "c".repeat(64) });
  t.equal(plan({}, { locked }).notes[0], `${name} is lab: Debian binary`);
  t.throws(() => plan({}, { locked: {} }), /release promtail-linux-arm64\.zip: found no sha256/);
});

/** What a host of this machine type wants to know, on a site with a monitoring host or without. */
function wanted(vars: HostVars["vars"], machine = "aarch64", others = [monitoringHost()]) {
  const host = appHost("app-1", "dev", vars);
  return app.releases(host, { ...appFacts, machine }, siteOf([host, ...others]));
}

t.test("hashes are looked up for the host's own architecture of what has no pin", async (t) => {
  const checksumsUrl = "https://github.com/grafana/loki/releases/download/v3.4.1/SHA256SUMS";
  t.same(wanted({}), [{ file: "promtail-linux-arm64.zip", checksumsUrl }]);
  t.same(wanted({}, "x86_64"), [{ file: "promtail-linux-amd64.zip", checksumsUrl }]);
  t.match(wanted({ node_exporter_version: "1.10.2" }).at(-1), {
    file: "node_exporter-1.10.2.linux-arm64.tar.gz",
    checksumsUrl: /\/v1\.10\.2\/sha256sums\.txt$/,
  });
  t.same(wanted({}, "aarch64", []), [], "no agent without a monitoring host");
});

t.test("with a mirror nobody else is asked for a hash, and one that was read upstream holds", async (t) => {
  const release_mirror = "http://192.0.2.2/releases";
  t.same(wanted({ release_mirror }), [
    {
      file: "promtail-linux-arm64.zip",
      checksumsUrl: "http://192.0.2.2/releases/SHA256SUMS#3.4.1",
      alsoFrom: ["https://github.com/grafana/loki/releases/download/v3.4.1/SHA256SUMS"],
    },
  ]);
});

t.test(
  "without a monitoring host an app host gets node_exporter, and what it has for logs and traces stays as it is",
  async (t) => {
    const host = appHost("app-1", "dev");
    const reading = app.plan(host, appFacts, siteOf([host], {}));
    if ("errors" in reading) throw new Error("unexpected");
    const names = namesOf(reading.value.resources);
    t.ok(names.includes("unit node_exporter.service"));
    t.notMatch(names.join("\n"), /promtail|alloy|env-file/);
    t.match(reading.value.notes.join("\n"), /no host in group monitoring: app hosts get node_exporter only/);
  },
);

t.test("a mirror serves the archives under their upstream names", async (t) => {
  const vars = { release_mirror: "http://192.0.2.2/releases" };
  const urls = resources(vars).filter(({ kind }) => kind.name === "release");
  t.match(
    urls.map((resource) => resource.desired),
    [
      { url: "http://192.0.2.2/releases/node_exporter-1.9.1.linux-arm64.tar.gz" },
      { url: "http://192.0.2.2/releases/promtail-linux-arm64.zip" },
    ],
  );
});

t.test("Promtail newer than its last release is refused", async (t) => {
  const accepts = (version: string) =>
    "value" in
    app.plan(
      appHost("a", "dev", { promtail_version: version }),
      appFacts,
      siteOf([appHost("a", "dev", { promtail_version: version }), monitoringHost()]),
    );
  t.ok(["3.4.1", "3.5.12", "3.6.11", "2.9.17"].every(accepts));
  t.notOk(["3.6.12", "3.7.0", "latest", "3.10.0"].some(accepts));
});

t.test("two programs on one port of a host are refused before anything is started", async (t) => {
  t.throws(() => plan({ node_exporter_port: 8080 }), /node_exporter_port and app_metrics_port are both 8080/);
});

t.test("the way to the logs is opened folder by folder, from the top", async (t) => {
  t.same(parents("/home/ubuntu/fittoring/logs"), ["/home", "/home/ubuntu", "/home/ubuntu/fittoring"]);
  t.same(parents("/logs"), []);
});
