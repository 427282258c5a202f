import t from "tap";
import { parse } from "yaml";
import { Secret } from "../../../engine/index.ts";
import { monitoring } from "../../../roles/monitoring/index.ts";
import { comesInOrder, foldersComeFirst, isHeldOnce } from "../order.ts";
import { monitoringPlan, planOf, serviceOf } from "../plans.ts";
import { appHost, filesOf, monitoringFacts, monitoringHost, namesOf, siteOf } from "../site.ts";

const gateway_password = new Secret("pushes", "test");
const apps = [appHost("dev-1", "dev", { gateway_password }), appHost("prod-1", "prod", { gateway_password })];

for (const vars of [{}, { gateway: true }]) {
  const { resources } = monitoringPlan(vars, apps);
  const name = JSON.stringify(vars);

  t.test(`what a resource needs comes before it: ${name}`, async (t) => {
    comesInOrder(t, resources, [
      /^json-file \/etc\/docker\/daemon\.json$/,
      /^package /,
      /^unit docker\.service$/,
      /^command data of another major version than Tempo/,
      /^directory \/opt\/monitoring$/,
      /^(file|directory|absent) \/opt\/monitoring\//,
      /^compose monitoring$/,
      /^http .*(ready|api\/health|Grafana behind the gateway)/,
      /runs its configuration$|^command Grafana's administrator has the password/,
    ]);
    foldersComeFirst(t, resources, "/opt/monitoring");
    foldersComeFirst(t, resources, "/etc/docker");
  });

  t.test(
    `behind the containers there are conditions only: all answer, then each does as it was told: ${name}`,
    async (t) => {
      const names = namesOf(resources);
      const gates = names.slice(names.indexOf("compose monitoring") + 1);
      t.same(
        gates.filter((gate) => !/^(http|command) /.test(gate)),
        [],
      );
      const runs = gates.filter((gate) => /runs its configuration$|^command Grafana's/.test(gate));
      t.same(runs, gates.slice(-4), "what asks for more than an answer comes when all have answered");
    },
  );

  t.test(`nothing is held twice, and every file is valid YAML or JSON: ${name}`, async (t) => {
    isHeldOnce(t, resources);
    const files = [...filesOf(resources)].filter(([path]) => /\.(ya?ml|json)$/.test(path));
    t.ok(files.length >= 11);
    for (const [path, text] of files) t.doesNotThrow(() => parse(text, { merge: true }), path);
  });
}

t.test("each service is asked where it is published", async (t) => {
  const urls = (vars = {}) =>
    monitoringPlan(vars)
      .resources.filter(({ kind }) => kind.name === "http")
      .map(({ desired }) => (desired as { url: string }).url);
  t.same(urls(), [
    "http://192.0.2.10:80/api/health",
    "http://192.0.2.10:8080/ready",
    "http://127.0.0.1:9090/-/ready",
    "http://127.0.0.1:3200/ready",
    "http://192.0.2.10:8080/config",
    "http://127.0.0.1:3200/status/config",
  ]);
  const vars = { publish_address: "10.0.0.5", grafana_port: 8000 };
  t.same(serviceOf(monitoringPlan(vars).resources, "grafana").ports, ["10.0.0.5:8000:3000"]);
  t.same(urls(vars), [
    "http://10.0.0.5:8000/api/health",
    "http://10.0.0.5:8080/ready",
    "http://127.0.0.1:9090/-/ready",
    "http://127.0.0.1:3200/ready",
    "http://10.0.0.5:8080/config",
    "http://127.0.0.1:3200/status/config",
  ]);
});

t.test("the recap says where Grafana is, and what is not the real thing", async (t) => {
  t.equal(monitoringPlan().notes[0], "Grafana: http://192.0.2.10 (user admin)");
  t.equal(monitoringPlan({ grafana_port: 8000 }).notes[0], "Grafana: http://192.0.2.10:8000 (user admin)");
  const locked = { "grafana/loki:3.4.1": { sha256: "", source: "lab: stand-in" } };
  const host = monitoringHost({
    grafana_url: "https://g.example",
    loki_image: `grafana/loki:3.4.1@sha256:${"0".repeat(64)}`,
  });
  t.match(planOf(monitoring, siteOf([host], locked), monitoringFacts).notes, [
    "Grafana: https://g.example (user admin)",
    "grafana/loki:3.4.1 is lab: stand-in",
  ]);
});

t.test("a monitoring host alone, before there is any app host, can be planned", async (t) => {
  t.equal([...filesOf(monitoringPlan().resources).keys()].filter((path) => /targets\/|jobs\//.test(path)).length, 0);
});
