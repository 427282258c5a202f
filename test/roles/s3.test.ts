import t from "tap";
import { parse } from "yaml";
import { type HostVars, reveal, Secret, type Text } from "../../engine/index.ts";
import { monitoring } from "../../roles/monitoring/index.ts";
import { appHost, dataOf, monitoringFacts, monitoringHost, siteOf, textOf } from "./site.ts";

const loki = "/opt/monitoring/loki/loki.yaml";
const tempo = "/opt/monitoring/tempo/tempo.yaml";
const prometheus = "/opt/monitoring/prometheus/prometheus.yml";
const password = "/opt/monitoring/prometheus/remote_write_password";

const keys = { s3_access_key_id: new Secret("AKIA'1", "test"), s3_secret_access_key: new Secret('se"cret\\', "test") };
const s3 = { s3_endpoint: "s3.example.com", s3_region: "eu-1", ...keys };

function resources(vars: HostVars["vars"]) {
  const site = siteOf([monitoringHost(vars), appHost("app-1", "dev")]);
  const reading = monitoring.plan(site.host, monitoringFacts, site);
  if ("errors" in reading) throw new Error(JSON.stringify(reading.errors));
  return reading.value.resources;
}

const fileAt = (path: string, vars: HostVars["vars"]) =>
  resources(vars).find(({ kind, id }) => kind.name === "file" && id === path)?.desired as {
    readonly content: Text;
    readonly mode?: string;
    readonly group?: string;
  };

t.test("nothing of it is there unless it is asked for", async (t) => {
  const all = resources({});
  t.notOk(all.some(({ id }) => id === password));
  t.match(dataOf(all, loki), { compactor: { delete_request_store: "filesystem" }, storage_config: undefined });
  t.match(dataOf(all, tempo).storage, { trace: { backend: "local", s3: undefined } });
  t.equal(dataOf(all, prometheus).remote_write, undefined);
  t.equal(fileAt(loki, {}).mode, undefined);
});

t.test("logs go to a bucket from a day on; what came before stays readable on the disk", async (t) => {
  const data = dataOf(resources({ ...s3, loki_s3_bucket: "logs", loki_s3_from: "2027-01-15" }), loki);
  t.match(data, {
    common: { storage: { filesystem: {} } },
    schema_config: {
      configs: [
        { from: "2024-04-01", object_store: "filesystem" },
        { from: "2027-01-15", object_store: "s3", schema: "v13", index: { period: "24h" } },
      ],
    },
    storage_config: {
      aws: {
        bucketnames: "logs",
        endpoint: "s3.example.com",
        region: "eu-1",
        access_key_id: "AKIA'1",
        secret_access_key: 'se"cret\\',
        insecure: false,
        s3forcepathstyle: false,
      },
    },
    compactor: { delete_request_store: "s3" },
  });
});

t.test("a new host has its logs in the bucket only", async (t) => {
  const data = dataOf(resources({ ...s3, loki_s3_bucket: "logs", loki_s3_from: "2024-04-01" }), loki);
  t.match(data.schema_config, { configs: [{ from: "2024-04-01", object_store: "s3" }] });
  t.equal((data.schema_config as unknown as { configs: unknown[] }).configs.length, 1);
});

for (const image of ["grafana/tempo:3.0.3", "grafana/tempo:2.10.8"]) {
  t.test(`traces go to a bucket (${image})`, async (t) => {
    const vars = { ...s3, tempo_s3_bucket: "traces", s3_insecure: true, s3_path_style: true, tempo_image: image };
    const { trace } = dataOf(resources(vars), tempo).storage as unknown as { trace: Record<string, unknown> };
    t.match(trace, {
      backend: "s3",
      s3: { bucket: "traces", endpoint: "s3.example.com", insecure: true, forcepathstyle: true, access_key: "AKIA'1" },
    });
    t.equal(trace.local, undefined);
  });
}

t.test("a configuration with a key is its service's own to read, and never shown", async (t) => {
  const vars = { ...s3, loki_s3_bucket: "logs", loki_s3_from: "2024-04-01", tempo_s3_bucket: "traces" };
  for (const path of [loki, tempo]) {
    const { content, mode, group } = fileAt(path, vars);
    t.match({ mode, group }, { mode: "0640", group: "10001" });
    t.type(content, Secret);
    t.notMatch(JSON.stringify(content), /AKIA/);
  }
});

t.test("without keys the instance's role is used, and nothing is secret", async (t) => {
  const vars = { s3_endpoint: "s3.example.com", tempo_s3_bucket: "traces" };
  t.type(fileAt(tempo, vars).content, "string");
  const { trace } = dataOf(resources(vars), tempo).storage as unknown as { trace: { s3: Record<string, unknown> } };
  t.same(Object.keys(trace.s3), ["bucket", "endpoint", "insecure", "forcepathstyle"]);
});

t.test("Prometheus writes elsewhere as well; its password is in a file of its own", async (t) => {
  const vars = {
    prometheus_remote_write_url: "https://metrics.example.com/api/v1/write",
    prometheus_remote_write_user: "12345",
    prometheus_remote_write_password: new Secret("hunter2hunter2", "test"),
  };
  t.match(dataOf(resources(vars), prometheus), {
    remote_write: [
      {
        url: "https://metrics.example.com/api/v1/write",
        basic_auth: { username: "12345", password_file: "/etc/prometheus/remote_write_password" },
      },
    ],
  });
  t.notMatch(textOf(resources(vars), prometheus), /hunter2/);
  const { content, ...others } = fileAt(password, vars);
  t.match(others, { mode: "0640", group: "65534" });
  t.equal(reveal(content), "hunter2hunter2");
  const order = resources(vars).map(({ id }) => id);
  t.ok(order.indexOf(password) < order.indexOf(prometheus), "promtool looks for the file");
});

t.test("without a user it sends no login", async (t) => {
  const [target] = parse(
    textOf(resources({ prometheus_remote_write_url: "http://store:9009/push" }), prometheus),
  ).remote_write;
  t.same(target, { url: "http://store:9009/push", send_exemplars: true });
});

for (const [wrong, vars, message] of [
  ["a bucket without a day", { ...s3, loki_s3_bucket: "logs" }, /loki_s3_from belong together/],
  [
    "a day before the first",
    { ...s3, loki_s3_bucket: "logs", loki_s3_from: "2023-01-01" },
    /expected 2024-04-01 or later/,
  ],
  ["a bucket nowhere", { tempo_s3_bucket: "traces" }, /found no s3_endpoint/],
  ["half a key", { tempo_s3_bucket: "traces", s3_endpoint: "s3", s3_access_key_id: "x" }, /belong together/],
  [
    "a user without a password",
    { prometheus_remote_write_url: "http://x", prometheus_remote_write_user: "u" },
    /belong together/,
  ],
  [
    "a password without a URL",
    { prometheus_remote_write_user: "u", prometheus_remote_write_password: "p" },
    /expected prometheus_remote_write_url/,
  ],
] as const) {
  t.test(`${wrong} is refused`, async (t) => {
    t.throws(() => resources(vars), { message });
  });
}
