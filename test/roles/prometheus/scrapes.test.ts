import t from "tap";
import { reveal } from "../../../engine/index.ts";
import { jobsOf, KINDS, passwordOf, targetsOf } from "../../../roles/prometheus/scrapes.ts";
import { appHost, monitoringHost, siteOf } from "../site.ts";

const site = siteOf([
  monitoringHost(),
  appHost("dev-1", "dev", { node_exporter_port: 443, app_metrics_port: 8081 }),
  appHost("prod-1", "prod", {
    app_metrics_scheme: "https",
    app_metrics_path: "/metrics",
    app_metrics_tls_verify: false,
  }),
  appHost("dev-2", "dev", { address: "192.0.2.22" }),
]);

t.test(
  "each environment has a job for each kind of metrics, in the order in which the inventory has them",
  async (t) => {
    t.same(KINDS.length, new Set(KINDS).size);
    t.same(
      jobsOf(site).map(({ name, environment }) => `${environment}: ${name}`),
      ["dev: dev_os_metrics", "dev: dev_app_metrics", "prod: prod_os_metrics", "prod: prod_app_metrics"],
    );
    t.same(jobsOf(siteOf([monitoringHost()])), []);
  },
);

t.test("a job reads the hosts of its environment, each by its own address and ports", async (t) => {
  t.match(jobsOf(site), [
    {
      targets: [
        { host: "dev-1", target: "dev-1.example.internal:443", what: "node_exporter", place: undefined },
        { host: "dev-2", target: "192.0.2.22:9100", login: undefined },
      ],
    },
    {
      targets: [
        { host: "dev-1", target: "dev-1.example.internal:8081", place: { scheme: "http" } },
        { host: "dev-2", target: "192.0.2.22:8080", place: { path: "/prometheus-provider", verifyTls: true } },
      ],
    },
    { targets: [{ host: "prod-1", target: "prod-1.example.internal:9100" }] },
    { targets: [{ host: "prod-1", place: { scheme: "https", path: "/metrics", verifyTls: false } }] },
  ]);
});

t.test("what a host lets Prometheus read depends on no monitoring host", async (t) => {
  t.match(targetsOf(appHost("a", "dev"), "dev"), [
    { kind: "os", environment: "dev", host: "a" },
    { kind: "app", environment: "dev", host: "a" },
  ]);
});

t.test("one job has one password for all of its targets, or none", async (t) => {
  const tls = { node_exporter_tls: true, metrics_password: "read" };
  const passwords = (...hosts: readonly ReturnType<typeof appHost>[]) =>
    jobsOf(siteOf([monitoringHost(), ...hosts])).map((job) => reveal(passwordOf(job) ?? "none"));
  t.same(passwords(appHost("a", "dev", tls), appHost("b", "dev", tls)), ["read", "none"]);
  t.same(passwords(appHost("a", "dev")), ["none", "none"]);
  t.throws(
    () => passwords(appHost("a", "dev", tls), appHost("b", "dev")),
    /environment dev: node_exporter_tls, with metrics_password, is to be the same on all of its hosts/,
  );
});
