import { directory, file, type Resource, type Text, template, type VarsOf } from "../../engine/index.ts";
import { root } from "./paths.ts";
import type { monitoringVars } from "./vars.ts";

/** Grafana's user in its image. */
const GRAFANA_UID = "472";

export const passwordFile = `${root}/secrets/grafana_admin_password`;
const dataSourcesFile = `${root}/grafana/provisioning/datasources/datasources.yml`;

/** Grafana's files that are no secret, by path. */
export function grafanaFiles(vars: VarsOf<typeof monitoringVars>): Readonly<Record<string, Text>> {
  const scrapeInterval = `${vars.scrape_interval_seconds}s`;
  return { [dataSourcesFile]: template("monitoring/datasources.yml.hbs", { scrapeInterval }) };
}

/** Grafana's data sources as files, and its password in a file that only its own user may read. */
export function grafanaResources(vars: VarsOf<typeof monitoringVars>): readonly Resource[] {
  const folders = ["grafana", "grafana/provisioning", "grafana/provisioning/datasources"];
  return [
    ...folders.map((folder) => directory({ path: `${root}/${folder}` }, { tags: ["grafana"] })),
    ...Object.entries(grafanaFiles(vars)).map(([path, content]) => file({ path, content }, { tags: ["grafana"] })),
    directory({ path: `${root}/secrets`, mode: "0750", group: "root" }, { tags: ["grafana"] }),
    file(
      {
        path: passwordFile,
        content: vars.grafana_admin_password,
        mode: "0400",
        owner: GRAFANA_UID,
        group: "0",
      },
      { tags: ["grafana"] },
    ),
  ];
}
