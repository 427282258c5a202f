import t from "tap";
import { addressOf, endpoint, environments, otlpUrl, provenance, pushUrl } from "../../roles/hosts.ts";
import { appHost, monitoringHost, siteOf } from "./site.ts";

t.test("the push URL and the trace endpoint follow the monitoring host's address and ports", async (t) => {
  const site = siteOf([appHost("app-1", "dev"), monitoringHost()]);
  t.equal(pushUrl(site), "http://192.0.2.10:8080/loki/api/v1/push");
  t.equal(otlpUrl(site), "http://192.0.2.10:443");
  const moved = siteOf([appHost("app-1", "dev"), monitoringHost({ address: "mon.internal", loki_port: 3100 })]);
  t.equal(pushUrl(moved), "http://mon.internal:3100/loki/api/v1/push");
  t.equal(otlpUrl(siteOf([monitoringHost({ otlp_grpc_port: 4317 })])), "http://192.0.2.10:4317");
});

t.test("an address is the var address, else the host that SSH connects to, else the name", async (t) => {
  const vars = { address: "192.0.2.1", host: "203.0.113.1" };
  t.equal(addressOf({ name: "a", groups: [], vars }), "192.0.2.1");
  t.equal(addressOf({ name: "a", groups: [], vars: { host: "203.0.113.1" } }), "203.0.113.1");
  t.equal(addressOf({ name: "a", groups: [], vars: { ansible_host: "203.0.113.2" } }), "203.0.113.2");
  t.equal(addressOf({ name: "a.internal", groups: [], vars: {} }), "a.internal");
});

t.test("an address that only the host itself can reach is refused", async (t) => {
  for (const host of ["localhost", "127.0.0.1", "127.1.2.3", "::1"]) {
    t.throws(() => addressOf({ name: "mon", groups: [], vars: { host } }), /host mon: .*set its var "address"/);
  }
});

t.test("an IPv6 address gets brackets before its port", async (t) => {
  t.equal(endpoint("2001:db8::1", 80), "[2001:db8::1]:80");
});

t.test("no monitoring host, or two, is an error that says so", async (t) => {
  t.throws(() => pushUrl(siteOf([appHost("a", "dev")])), /group monitoring: found none, expected exactly one host/);
  const two = siteOf([monitoringHost(), { ...monitoringHost(), name: "mon-2" }]);
  t.throws(() => otlpUrl(two), /found mon, mon-2, expected exactly one/);
});

t.test("app hosts are grouped by environment, each with its own ports", async (t) => {
  const site = siteOf([
    monitoringHost(),
    appHost("dev-1", "dev", { node_exporter_port: 443, app_metrics_port: 8081 }),
    appHost("prod-1", "prod", { app_metrics_scheme: "https", app_metrics_path: "/metrics" }),
    appHost("dev-2", "dev", { address: "192.0.2.22" }),
  ]);
  t.match(environments(site), [
    {
      name: "dev",
      targets: [
        { host: "dev-1", os: "dev-1.example.internal:443", app: "dev-1.example.internal:8081", scheme: "http" },
        { host: "dev-2", os: "192.0.2.22:9100", app: "192.0.2.22:8080", path: "/prometheus-provider" },
      ],
    },
    { name: "prod", targets: [{ host: "prod-1", scheme: "https", path: "/metrics", verifyTls: true }] },
  ]);
});

t.test("an app host without an environment is named", async (t) => {
  const host = { name: "app-9", groups: ["app"], vars: { host: "192.0.2.9" } };
  t.throws(() => environments(siteOf([monitoringHost(), host])), /host app-9: .*'environment'/);
});

t.test("what is not upstream's own is said, what is is not", async (t) => {
  const releases = {
    "grafana/loki:3.4.1": { sha256: "", source: "lab: stand-in" },
    "promtail-linux-arm64.zip": { sha256: "", source: "upstream" },
    "x.zip": { sha256: "", source: "https://example.com/SHA256SUMS" },
  };
  const names = [...Object.keys(releases), "never-heard-of"];
  t.same(provenance(names, siteOf([monitoringHost()], releases)), ["grafana/loki:3.4.1 is lab: stand-in"]);
});
