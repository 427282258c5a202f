import t from "tap";
import { type HostVars, Secret, type Text } from "../../../engine/index.ts";
import { composeTextOf, desiredOf, monitoringPlan, serviceOf } from "../plans.ts";
import { appHost, dataOf, textOf } from "../site.ts";

const path = "/opt/monitoring/tempo/tempo.yaml";
const resources = (vars: HostVars["vars"] = {}) => monitoringPlan(vars).resources;
const service = (vars: HostVars["vars"] = {}) => serviceOf(resources(vars), "tempo");
const s3 = {
  s3_endpoint: "s3.example.com",
  s3_region: "eu-1",
  s3_access_key_id: new Secret("AKIA'1", "test"),
  s3_secret_access_key: new Secret('se"cret\\', "test"),
};

t.test("Tempo's data is on the volume at the place where it writes", async (t) => {
  t.ok(service().volumes.includes("tempo-data:/var/tempo"));
  t.match(textOf(resources(), path), /path: \/var\/tempo\/blocks/);
});

t.test("Tempo listens where it is published", async (t) => {
  const tempo = dataOf(resources(), path);
  t.match(tempo, { server: { http_listen_port: 3200 } });
  t.same(tempo.distributor, { receivers: { otlp: { protocols: { grpc: { endpoint: "0.0.0.0:4317" } } } } });
});

t.test("OTLP over HTTP is received and published together, or not at all", async (t) => {
  const vars = { otlp_http_port: 4318 };
  t.ok(service(vars).ports.includes("192.0.2.10:4318:4318"));
  t.match(textOf(resources(vars), path), /http:\n +endpoint: "0\.0\.0\.0:4318"/);
});

t.test("Tempo receives OTLP over HTTP for the gateway, and publishes none of it", async (t) => {
  const app = appHost("dev-1", "dev", { gateway_password: new Secret("pushes", "test") });
  const behind = monitoringPlan({ gateway: true }, [app]).resources;
  t.match(dataOf(behind, path), {
    distributor: { receivers: { otlp: { protocols: { http: { endpoint: "0.0.0.0:4318" } } } } },
  });
  t.same(serviceOf(behind, "tempo").ports, ["127.0.0.1:3200:3200"]);
});

t.test("Tempo is asked for the mark that is in its file", async (t) => {
  const { server } = dataOf(resources(), path) as unknown as { server: { http_server_idle_timeout: string } };
  t.match(desiredOf(resources(), "Tempo runs its configuration"), {
    url: "http://127.0.0.1:3200/status/config",
    contains: server.http_server_idle_timeout,
  });
});

t.test("traces are deleted some day", async (t) => {
  t.match(dataOf(resources({ tempo_retention_hours: 24 }), path), {
    backend_worker: { compaction: { block_retention: "24h" } },
    overrides: { defaults: { compaction: { block_retention: "24h" } } },
  });
});

t.test("its limits are those of the budget", async (t) => {
  t.match(dataOf(resources(), path), { live_store: { max_live_traces_bytes: 50_000_000 } });
});

t.test("another major of Tempo gets its own configuration, memory limit and no health check", async (t) => {
  const two = resources({ tempo_image: "grafana/tempo:2.10.8", tempo_retention_hours: 48 });
  t.match(dataOf(two, path), { compactor: { compaction: { block_retention: "48h" } }, ingester: {} });
  t.notOk("live_store" in dataOf(two, path) || "memory" in dataOf(two, path));
  const three = resources({ tempo_retention_hours: 48 });
  t.match(dataOf(three, path), { memory: { automemlimit_enabled: true }, backend_worker: {}, live_store: {} });
  t.notOk("ingester" in dataOf(three, path) || "compactor" in dataOf(three, path));
  t.match(composeTextOf(two), /GOMEMLIMIT: "256MiB"/);
  const checks = (all: typeof two) => [...composeTextOf(all).matchAll(/healthcheck:/g)].length;
  t.equal(checks(two), checks(three) - 1);
});

t.test("Tempo 2's image has no way to say that it is healthy; other majors than 2 and 3 are refused", async (t) => {
  t.same(service({ tempo_image: "grafana/tempo:3.1.0" }).healthcheck.test, ["CMD", "/tempo", "-health"]);
  t.equal(service({ tempo_image: "grafana/tempo:2.10.8" }).healthcheck, undefined);
  t.throws(() => service({ tempo_image: "grafana/tempo:4.0.0" }), /tempo_image.*found major 4, expected 2 or 3/);
  t.throws(() => service({ tempo_image: "grafana/tempo:main" }), /found no version/);
});

t.test("Tempo makes metrics of spans, and Prometheus takes them with their exemplars", async (t) => {
  t.match(dataOf(resources(), path), {
    metrics_generator: {
      storage: { remote_write: [{ url: "http://prometheus:9090/api/v1/write", send_exemplars: true }] },
    },
    overrides: { defaults: { metrics_generator: { processors: ["service-graphs", "span-metrics"] } } },
  });
  t.match(composeTextOf(resources()), /--web\.enable-remote-write-receiver\n.*--enable-feature=exemplar-storage/);
});

for (const tempo_image of ["grafana/tempo:3.0.3", "grafana/tempo:2.10.8"]) {
  t.test(`traces go to a bucket (${tempo_image})`, async (t) => {
    const vars = { ...s3, tempo_s3_bucket: "traces", s3_insecure: true, s3_path_style: true, tempo_image };
    const { trace } = dataOf(resources(vars), path).storage as unknown as { trace: Record<string, unknown> };
    t.match(trace, {
      backend: "s3",
      s3: { bucket: "traces", endpoint: "s3.example.com", insecure: true, forcepathstyle: true, access_key: "AKIA'1" },
    });
    t.equal(trace.local, undefined);
  });
}

t.test("without a bucket traces are on the disk", async (t) => {
  t.match(dataOf(resources(), path).storage, { trace: { backend: "local", s3: undefined } });
});

t.test("a configuration with a key is its service's own to read, and never shown", async (t) => {
  const { content, ...others } = desiredOf<{ content: Text }>(resources({ ...s3, tempo_s3_bucket: "traces" }), path);
  t.match(others, { mode: "0640", group: "10001" });
  t.type(content, Secret);
  t.notMatch(JSON.stringify(content), /AKIA/);
});

t.test("without keys the instance's role is used, and nothing is secret", async (t) => {
  const vars = { s3_endpoint: "s3.example.com", tempo_s3_bucket: "traces" };
  t.type(desiredOf<{ content: Text }>(resources(vars), path).content, "string");
  const { trace } = dataOf(resources(vars), path).storage as unknown as { trace: { s3: Record<string, unknown> } };
  t.same(Object.keys(trace.s3), ["bucket", "endpoint", "insecure", "forcepathstyle"]);
});
