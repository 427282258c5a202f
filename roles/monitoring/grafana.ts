import { directory, file, type Resource, type Text, type VarsOf } from "hostwright";
import { template } from "../templates.ts";
import { alertFiles, contactFiles, contactResources } from "./alerts.ts";
import { dashboardFiles } from "./dashboards/index.ts";
import { GRAFANA_UID, root } from "./paths.ts";
import type { monitoringVars } from "./vars.ts";

type Vars = VarsOf<typeof monitoringVars>;

const passwordFile = `${root}/secrets/grafana_admin_password`;
const folder = `${root}/grafana`;
const provisioning = `${folder}/provisioning`;
const tags = ["grafana"];

/** Grafana's files that are no secret and that it reads at its start only, by path. */
export function grafanaFiles({ scrape_interval_seconds }: Vars): Readonly<Record<string, Text>> {
  const values = { scrapeInterval: `${scrape_interval_seconds}s` };
  return {
    [`${provisioning}/datasources/datasources.yml`]: template("monitoring/grafana/datasources.yml.hbs", values),
    [`${provisioning}/dashboards/dashboards.yml`]: template("monitoring/grafana/dashboards.yml.hbs", {}),
    ...alertFiles(),
  };
}

/** The files whose change makes Grafana start anew. Dashboards it looks after itself; the password has a resource. */
export function grafanaConfig(vars: Vars): readonly string[] {
  return [...Object.keys(grafanaFiles(vars)), ...contactFiles(vars)];
}

/** Data sources, dashboards, alerts and contact points as files, and the password that Grafana starts with first. */
export function grafanaResources(vars: Vars): readonly Resource[] {
  const folders = ["", "/dashboards", "/provisioning", ...["datasources", "dashboards", "alerting"].map(below)];
  const dashboards = Object.entries(dashboardFiles()).map(([name, content]) => [
    `${folder}/dashboards/${name}`,
    content,
  ]);
  const files = [...Object.entries(grafanaFiles(vars)), ...(dashboards as [string, Text][])];
  return [
    ...folders.map((name) => directory({ path: `${folder}${name}` }, { tags })),
    ...files.map(([path, content]) => file({ path, content }, { tags })),
    directory({ path: `${root}/secrets`, mode: "0750", group: "root" }, { tags }),
    ...contactResources(vars),
    file(
      {
        path: passwordFile,
        content: vars.grafana_admin_password,
        mode: "0400",
        owner: GRAFANA_UID,
        group: "0",
      },
      { tags },
    ),
  ];
}

function below(name: string): string {
  return `/provisioning/${name}`;
}
