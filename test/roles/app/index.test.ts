import t from "tap";
import { parse } from "yaml";
import { app } from "../../../roles/app/index.ts";
import { hostServices } from "../../../roles/app/services.ts";
import { comesInOrder, foldersComeFirst, isHeldOnce, untagged } from "../order.ts";
import { appPlan, planOf } from "../plans.ts";
import { appFacts, appHost, filesOf, monitoringHost, namesOf, releases, siteOf } from "../site.ts";

const locked = { ...releases, "alloy-linux-arm64.zip": { sha256: "d".repeat(64), source: "upstream" } };

for (const [agent, other] of [
  ["promtail", "alloy"],
  ["alloy", "promtail"],
] as const) {
  const { resources } = appPlan({ log_agent: agent }, { locked });
  const Agent = agent === "promtail" ? "Promtail" : "Alloy";

  t.test(`what ${agent} needs is there before it is started`, async (t) => {
    comesInOrder(t, resources, [
      /^package acl, ca-certificates, curl, unzip$/,
      /^command folder \/home\/ubuntu\/fittoring$/,
      /^command folder \/home\/ubuntu\/fittoring\/logs$/,
      new RegExp(`^group ${agent}$`),
      new RegExp(`^user ${agent}$`),
      new RegExp(`^release /usr/local/bin/${agent}$`),
      new RegExp(`^command ${agent} may read `),
      new RegExp(`^file /etc/${agent}/`),
      new RegExp(`^unit ${other}\\.service$`),
      new RegExp(`^command ${Agent} knows what .* has shipped$`),
      new RegExp(`^unit ${agent}\\.service$`),
      /^http /,
    ]);
    foldersComeFirst(t, resources, `/etc/${agent}`);
  });

  t.test(`what node_exporter needs is there before it is started, beside ${agent}`, async (t) => {
    comesInOrder(t, resources, [
      /^package /,
      /^group node_exporter$/,
      /^user node_exporter$/,
      /^release \/usr\/local\/bin\/node_exporter$/,
      /^unit node_exporter\.service$/,
      /^http http:\/\/127\.0\.0\.1:9100\/metrics$/,
    ]);
  });

  t.test(
    `the environment file has its folder; whether all runs is asked last; nothing is held twice (${agent})`,
    async (t) => {
      comesInOrder(t, resources, [
        /^package /,
        /^command folder /,
        /^env-file \/home\/ubuntu\/fittoring\/\.env$/,
        /^http /,
      ]);
      t.ok(
        namesOf(resources)
          .slice(-2)
          .every((name) => name.startsWith("http ")),
      );
      t.equal(resources.filter(({ kind }) => kind.name === "http").length, 2, "node_exporter's and the agent's");
      isHeldOnce(t, resources);
      const config = agent === "promtail" ? "/etc/promtail/config.yaml" : "/etc/alloy/config.alloy";
      const files = filesOf(resources);
      t.same([...files.keys()].sort(), [`/etc/${agent}/again.sh`, config]);
      if (agent === "promtail") t.doesNotThrow(() => parse(files.get(config) ?? ""));
    },
  );
}

t.test("every resource of a program has its tag", async (t) => {
  for (const log_agent of ["promtail", "alloy"]) {
    const site = siteOf([appHost("app-1", "dev", { log_agent }), monitoringHost()], locked);
    const programs = hostServices.filter((service) => service.isOn(site.host) && service.program(site.host));
    t.same(
      programs.map(({ name }) => name),
      ["node_exporter", log_agent],
    );
    for (const service of programs) {
      const own = [...service.resources(site, appFacts), ...service.gates(site)];
      // The agent that is stopped has its own.
      const others = own.filter(({ id, kind }) => !(kind.name === "unit" && id !== `${service.name}.service`));
      t.same(untagged(others, service.name), [], service.name);
    }
  }
});

t.test("two programs on one port of a host are refused before anything is started", async (t) => {
  t.throws(() => appPlan({ node_exporter_port: 8080 }), /node_exporter_port and app_metrics_port are both 8080/);
  t.throws(
    () => appPlan({ log_agent: "alloy", alloy_port: 9100 }, { locked }),
    /node_exporter_port and alloy_port are both 9100/,
  );
});

t.test(
  "without a monitoring host an app host gets node_exporter, and what it has for logs and traces stays as it is",
  async (t) => {
    const { resources, notes } = planOf(app, siteOf([appHost("app-1", "dev")], {}), appFacts);
    t.ok(namesOf(resources).includes("unit node_exporter.service"));
    t.notMatch(namesOf(resources).join("\n"), /promtail|alloy|env-file/);
    t.match(notes.join("\n"), /no host in group monitoring: app hosts get node_exporter only/);
  },
);

t.test("an end of life is told of Promtail, not of Alloy", async (t) => {
  t.notMatch(appPlan({ log_agent: "alloy" }, { locked }).notes.join("\n"), /promtail/i);
});

t.test("what runs in the place of the application is told, by the name of its unit and host", async (t) => {
  const lock = { ...locked, "app-1: fittoring.service": { sha256: "", source: "lab: stand-in" } };
  const notes = (host: string) =>
    planOf(app, siteOf([appHost(host, "dev", { app_service: "fittoring.service" }), monitoringHost()], lock), appFacts)
      .notes;
  t.ok(notes("app-1").includes("app-1: fittoring.service is lab: stand-in"));
  t.notMatch(notes("app-2").join("\n"), /fittoring/);
});
