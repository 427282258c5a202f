import t from "tap";
import { type HostVars, Secret } from "../../../engine/index.ts";
import { monitoringPlan, projectOf, serviceOf } from "../plans.ts";

const folder = "/opt/monitoring/grafana/provisioning";
const slack = new Secret("https://hooks.slack.example/T0/B0/$ecret\n", "test");
const resources = (vars: HostVars["vars"] = {}) => monitoringPlan(vars).resources;

t.test("Grafana's data is on the volume at the place where it writes", async (t) => {
  t.ok(serviceOf(resources(), "grafana").volumes.includes("grafana-data:/var/lib/grafana"));
});

t.test("a changed dashboard restarts nothing; data sources and alerts start Grafana anew", async (t) => {
  const { grafana } = projectOf(resources()).services;
  t.same(
    grafana?.config?.filter((path) => path.includes("/dashboards/") && path.endsWith(".json")),
    [],
  );
  t.same(grafana?.config, [
    `${folder}/datasources/datasources.yml`,
    `${folder}/dashboards/dashboards.yml`,
    `${folder}/alerting/rules.json`,
  ]);
  t.same(
    projectOf(resources({ alert_slack_url: slack })).services.grafana?.config?.at(-1),
    `${folder}/alerting/contact-points.yml`,
  );
});
