import t from "tap";
import { parse } from "yaml";
import { Secret } from "../../../engine/index.ts";
import { membersOf } from "../../../roles/monitoring/stack.ts";
import { untagged } from "../order.ts";
import { type ComposeService, composeTextOf, monitoringPlan, projectOf, serviceOf, servicesOf } from "../plans.ts";
import { appHost, monitoringFacts, monitoringHost, siteOf } from "../site.ts";

const all = ["grafana", "loki", "prometheus", "tempo"];
const { resources } = monitoringPlan();

t.test("every resource of a container has its tag", async (t) => {
  const gateway_password = new Secret("pushes", "test");
  for (const vars of [{}, { gateway: true }])
    for (const { container, stack } of membersOf(
      siteOf([monitoringHost(vars), appHost("dev-1", "dev", { gateway_password })]),
      monitoringFacts,
    )) {
      const { before = [], resources, gates, runsConfig = [] } = container.plan(stack);
      const own = [...before, ...resources, ...gates, ...runsConfig];
      t.not(own.length, 0, container.name);
      t.same(untagged(own, container.name), [], container.name);
    }
});

t.test("every service is pinned, limited, kept alive, asked for its health, and rotates its log", async (t) => {
  t.same(Object.keys(servicesOf(resources)).sort(), all);
  for (const [name, found] of Object.entries(servicesOf(resources))) {
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
  const sum = all.map((name) => Number.parseInt(serviceOf(resources, name).mem_limit, 10)).reduce((a, b) => a + b);
  t.ok(sum <= 2048 * 0.75, `${sum} MB`);
});

t.test("the compose file has no version, no env_file, and its volumes are the ones that are mounted", async (t) => {
  const data = parse(composeTextOf(resources), { merge: true });
  t.notOk("version" in data);
  t.notMatch(composeTextOf(resources), /env_file|:latest|grafana-oss/);
  const mounted = all.flatMap((name) => serviceOf(resources, name).volumes.map((volume) => volume.split(":")[0] ?? ""));
  t.same(mounted.filter((source) => !source.startsWith(".")).sort(), Object.keys(data.volumes).sort());
});

t.test(
  "the ports of Grafana, Loki and OTLP are published on the private address; Prometheus and Tempo answer on the host itself only",
  async (t) => {
    t.same(serviceOf(resources, "grafana").ports, ["192.0.2.10:80:3000"]);
    t.same(serviceOf(resources, "loki").ports, ["192.0.2.10:8080:3100"]);
    t.same(serviceOf(resources, "prometheus").ports, ["127.0.0.1:9090:9090"]);
    t.same(serviceOf(resources, "tempo").ports, ["192.0.2.10:443:4317", "127.0.0.1:3200:3200"]);
  },
);

t.test("a changed configuration is a changed service, of exactly the one that reads it", async (t) => {
  const before = servicesOf(resources);
  const after = servicesOf(monitoringPlan({ loki_retention_hours: 48 }).resources);
  const label = (found: ComposeService | undefined) => found?.labels?.["hostwright.config"];
  t.not(label(after.loki), label(before.loki));
  t.same({ ...after, loki: undefined }, { ...before, loki: undefined });
  const followed = projectOf(resources).services;
  t.same(followed.loki?.config, ["/opt/monitoring/loki/loki.yaml"]);
  t.same(followed.prometheus?.config, undefined, "Prometheus is reloaded instead");
});

t.test("a dollar sign in a value is Compose's to show, not to expand", async (t) => {
  const url = (vars = {}) => serviceOf(monitoringPlan(vars).resources, "grafana").environment.GF_SERVER_ROOT_URL;
  t.equal(url({ grafana_url: "http://a/$HOME" }), "http://a/$$HOME");
  t.equal(url(), undefined);
});

t.test("two services on one port are refused before anything is started", async (t) => {
  t.throws(() => monitoringPlan({ loki_port: 80 }), /grafana_port and loki_port are both 80/);
  t.throws(() => monitoringPlan({ otlp_http_port: 443 }), /otlp_grpc_port and otlp_http_port are both 443/);
});
