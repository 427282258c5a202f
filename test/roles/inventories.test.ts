import t from "tap";
import { type HostVars, type Role, reveal } from "../../engine/index.ts";
import { loadInventory } from "../../engine/inventory/load.ts";
import { app } from "../../roles/app/index.ts";
import { monitoring } from "../../roles/monitoring/index.ts";
import { appFacts, monitoringFacts, releases, siteOf, textOf } from "./site.ts";

const folder = "/opt/monitoring/prometheus";

async function hostsOf(name: string, env: Readonly<Record<string, string>> = {}): Promise<readonly HostVars[]> {
  const { hosts } = await loadInventory([`inventory/${name}.yml`], { env });
  return [...hosts.values()];
}

function planAll(hosts: readonly HostVars[]) {
  const plans = hosts.map((host) => {
    const role: Role = host.groups.includes("monitoring") ? monitoring : app;
    const facts = role === monitoring ? monitoringFacts : appFacts;
    const site = siteOf([host, ...hosts.filter((other) => other !== host)], releases);
    const reading = role.plan(host, facts, site);
    if ("errors" in reading) throw new Error(`${host.name}: ${JSON.stringify(reading.errors)}`);
    return [host.name, reading.value] as const;
  });
  return new Map(plans);
}

for (const { name, hosts, environments } of [
  { name: "dev", hosts: ["monitoring-1", "dev-1"], environments: ["dev"] },
  { name: "prod", hosts: ["monitoring-1", "prod-1"], environments: ["prod"] },
  { name: "lab", hosts: ["mon", "app-dev", "app-prod"], environments: ["dev", "prod"] },
]) {
  t.test(`inventory/${name}.yml plans on all of its hosts, for ${environments.join(" and ")}`, async (t) => {
    const plans = planAll(await hostsOf(name, { GRAFANA_ADMIN_PASSWORD: "secret" }));
    t.same([...plans.keys()].sort(), [...hosts].sort());
    const jobs = plans.get(hosts[0] ?? "")?.resources.filter(({ id }) => id.startsWith(`${folder}/jobs/`)) ?? [];
    t.same(
      jobs.filter(({ kind }) => kind.name === "file").map(({ id }) => id),
      environments.map((environment) => `${folder}/jobs/${environment}.yml`),
    );
  });
}

t.test("dev and prod share one monitoring host, with the same vars", async (t) => {
  const vars = async (name: string) => (await hostsOf(name)).find((host) => host.groups.includes("monitoring"))?.vars;
  t.same(Object.keys((await vars("dev")) ?? {}).sort(), Object.keys((await vars("prod")) ?? {}).sort());
  t.equal((await vars("dev"))?.address, (await vars("prod"))?.address);
});

t.test("traces are on in dev and off in prod", async (t) => {
  for (const [name, tracing] of [
    ["dev", true],
    ["prod", false],
  ] as const) {
    const host = (await hostsOf(name)).find(({ groups }) => groups.includes("app"));
    t.equal(host?.vars.tracing_enable, tracing, name);
  }
});

t.test("the lab needs no secret from the environment, and its Grafana has a password all the same", async (t) => {
  const mon = (await hostsOf("lab")).find(({ name }) => name === "mon");
  t.equal(mon?.vars.grafana_admin_password, "lab-only-password");
});

t.test("the lab's node_exporter is on port 443 in dev and on its own in prod", async (t) => {
  const { resources } = planAll(await hostsOf("lab")).get("mon") ?? { resources: [] };
  t.match(textOf(resources, `${folder}/targets/dev_os_metrics.yml`), /172\.30\.77\.11:443/);
  t.match(textOf(resources, `${folder}/targets/prod_os_metrics.yml`), /172\.30\.77\.12:9100/);
});

t.test("a shared password is read from the environment only when it is needed", async (t) => {
  const mon = (await hostsOf("dev")).find(({ name }) => name === "monitoring-1");
  const password = mon?.vars.grafana_admin_password;
  t.throws(() => reveal(password as never), /GRAFANA_ADMIN_PASSWORD/);
});
