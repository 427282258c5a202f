import { directory, file, http, type Resource, sha256, type Text, type VarsOf } from "hostwright";
import { type ComposePart, defineContainer, escapeDollars, goMemoryLimit, type Stack } from "../container.ts";
import { root } from "../paths.ts";
import { publishedOn } from "../publish.ts";
import { runsDashboard } from "../runs/dashboard.ts";
import { template } from "../templates.ts";
import { grafanaPort, namedUrl, ownGrafanaUrl } from "./address.ts";
import { alertFiles, contactFiles, contactResources, mailSettings } from "./alerts.ts";
import { dashboardFiles } from "./dashboards.ts";
import { overview } from "./overview.ts";
import { GRAFANA_UID } from "./owner.ts";
import { passwordResource } from "./password.ts";
import { checkUids, provisioned } from "./provisioning.ts";
import { stack as stackDashboard } from "./stack.ts";
import { grafanaVars } from "./vars.ts";

type Vars = VarsOf<typeof grafanaVars>;

const tags = ["grafana"];
const passwordFile = `${root}/secrets/grafana_admin_password`;
const folder = `${root}/grafana`;
const provisioning = `${folder}/provisioning`;

/** Shows logs, metrics and traces, and tells of alerts. */
export const grafana = defineContainer({
  name: "grafana",
  vars: grafanaVars,
  image: ({ grafana_image }) => grafana_image,
  share: { least: 176, measured: 384, beyond: 0.1 },
  wishedMb: ({ grafana_memory_mb }) => grafana_memory_mb,
  stored: { volume: "grafana-data", finished: [] },
  metrics: "grafana:3000",
  dashboards: [overview, stackDashboard, runsDashboard],
  listens: (_vars, host) => [
    {
      what: "Grafana",
      address: publishedOn(host),
      port: grafanaPort(host),
      setBy: "grafana_port",
      tls: false,
      login: "Grafana's own login",
      holders: [],
    },
  ],
  plan(vars, stack) {
    const files = startFiles(vars, stack);
    const url = ownGrafanaUrl(stack.site.host);
    return {
      compose: composePart(vars, stack, files),
      resources: resources(vars, stack, files),
      gates: [http({ url: `${url}/api/health` }, { tags })],
      runsConfig: [passwordResource(vars, url)],
    };
  },
});

type Files = Readonly<Record<string, Text>>;

/** Files that are no secret and that Grafana reads at its start only, by path. */
function startFiles({ scrape_interval_seconds }: Vars, { alerts }: Stack): Files {
  const values = { scrapeInterval: `${scrape_interval_seconds}s` };
  checkUids("alerts", alerts);
  return checkedFiles({
    [`${provisioning}/datasources/datasources.yml`]: template("grafana/datasources.yml.hbs", values),
    [`${provisioning}/dashboards/dashboards.yml`]: template("grafana/dashboards.yml.hbs", {}),
    ...alertFiles(alerts),
  });
}

/** What Grafana can read only: what it cannot read keeps it from starting. */
function checkedFiles(files: Files): Files {
  return Object.fromEntries(Object.entries(files).map(([path, content]) => [path, provisioned(path, content)]));
}

function composePart(vars: Vars, { site, image, memoryMb }: Stack, files: Files): ComposePart {
  const mail = mailSettings(vars);
  const values = {
    image,
    memory: `${memoryMb}m`,
    health: ["CMD", "wget", "-q", "--spider", "http://127.0.0.1:3000/api/health"],
    config: sha256(JSON.stringify(files)),
    goMemoryLimit: goMemoryLimit(memoryMb, 0.75),
    port: `${publishedOn(site.host)}:${grafanaPort(site.host)}:3000`,
    adminUser: vars.grafana_admin_user,
    url: namedUrl(site) ?? "",
    mail,
  };
  return {
    text: template("grafana/service.hbs", escapeDollars(values)),
    // Dashboards it looks after itself; the password has a resource.
    config: [...Object.keys(files), ...contactFiles(vars)],
    secrets: ["grafana_admin_password", ...(mail.hasPassword ? ["grafana_smtp_password"] : [])],
  };
}

/** Data sources, dashboards, alerts and contact points as files, and the password that Grafana starts with first. */
function resources(vars: Vars, { dashboards }: Stack, start: Files): readonly Resource[] {
  const folders = ["", "/dashboards", "/provisioning", ...["datasources", "dashboards", "alerting"].map(below)];
  checkUids("dashboards", dashboards);
  const shown = Object.entries(dashboardFiles(dashboards)).map(([name, content]) => [
    `${folder}/dashboards/${name}`,
    content,
  ]);
  const files = Object.entries({ ...start, ...checkedFiles(Object.fromEntries(shown)) });
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
