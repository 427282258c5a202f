import t from "tap";
import { app } from "../../roles/app/index.ts";
import { monitoring } from "../../roles/monitoring/index.ts";
import { imagePins, releasePins } from "../../roles/versions.ts";
import { planOf } from "./plans.ts";
import { appFacts, appHost, monitoringFacts, monitoringHost, siteOf } from "./site.ts";

const standIn = { sha256: "a".repeat(64), source: "lab: stand-in" };
const node = `node_exporter-${releasePins.node_exporter.version}.linux`;
const promtail = "promtail-linux";

/** A lock file that has a stand-in for everything. */
const locked = Object.fromEntries(
  [
    ...["amd64", "arm64"].flatMap((arch) => [`${promtail}-${arch}.zip`, `${node}-${arch}.tar.gz`]),
    ...Object.values(imagePins).map(({ image, tag }) => `${image}:${tag}`),
  ].map((name) => [name, standIn]),
);

const standIns = (notes: readonly string[]) =>
  notes.flatMap((note) => (/ is lab: stand-in$/.test(note) ? [note.split(" ")[0]] : [])).sort();

t.test("the notes of an app host name the stand-ins of its own machine, and none of another host", async (t) => {
  const site = siteOf([appHost("app-1", "dev"), monitoringHost()], locked);
  const { notes } = planOf(app, site, appFacts);
  t.same(standIns(notes), [`${node}-arm64.tar.gz`, `${promtail}-arm64.zip`]);
});

t.test("those of a monitoring host name its containers', and none that it does not run", async (t) => {
  const names = (vars: Record<string, unknown>) => {
    const site = siteOf([monitoringHost(vars), appHost("app-1", "dev")], locked);
    return standIns(planOf(monitoring, site, monitoringFacts).notes).map((name) => name?.replace(/:.*/, ""));
  };
  t.same(names({}), ["grafana/grafana", "grafana/loki", "grafana/tempo", "prom/prometheus"]);
});
