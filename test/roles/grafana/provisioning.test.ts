import t from "tap";
import { parse, stringify } from "yaml";
import { MismatchError, reveal, Secret } from "../../../engine/index.ts";
import { dashboardFiles } from "../../../roles/grafana/dashboards.ts";
import { grafana } from "../../../roles/grafana/index.ts";
import { checkUids, provisioned } from "../../../roles/grafana/provisioning.ts";
import { services } from "../../../roles/services.ts";
import { monitoringPlan } from "../plans.ts";
import { monitoringHost, siteOf, textOf } from "../site.ts";

const folder = "/opt/monitoring/grafana";
const { resources } = monitoringPlan({ alert_slack_url: new Secret("https://hooks.example.com/s3cr3t", "test") });

/** The files as a run writes them, by path. */
const files = {
  [`${folder}/provisioning/datasources/datasources.yml`]: "datasources",
  [`${folder}/provisioning/dashboards/dashboards.yml`]: "providers",
  [`${folder}/provisioning/alerting/contact-points.yml`]: "contactPoints",
  [`${folder}/provisioning/alerting/rules.json`]: "groups",
};
const dashboardPath = `${folder}/dashboards/overview.json`;

/** The file with one thing changed in what it says. */
function broken(path: string, spoil: (data: never) => void): () => string {
  const data = parse(reveal(textOf(resources, path)));
  spoil(data as never);
  const text = path.endsWith(".json") ? JSON.stringify(data) : stringify(data);
  return () => provisioned(path, text);
}

t.test("all that Grafana is given fits", async (t) => {
  for (const path of [...Object.keys(files), dashboardPath]) {
    const text = textOf(resources, path);
    t.equal(provisioned(path, text), text, path);
  }
  t.equal(Object.keys(dashboardFiles(services.flatMap(({ dashboards }) => dashboards))).length, 7);
});

for (const [path, top] of Object.entries(files))
  t.test(`${path}: a slip is refused with its place`, async (t) => {
    const first = (data: Record<string, Record<string, unknown>[]>) => data[top]?.[0] ?? {};
    const refusals: [string, (data: never) => void, RegExp][] = [
      ["a field too many", (data) => Object.assign(first(data), { orgID: 1 }), new RegExp(`/${top}/0, .*\\(orgID\\)`)],
      ["another version", (data) => Object.assign(data, { apiVersion: "2" }), /\/apiVersion/],
      ["a name that is none", (data) => Object.assign(first(data), { name: "" }), new RegExp(`/${top}/0/name`)],
      ["a field too few", (data) => delete first(data).name, /must have required property 'name'/],
      ["nothing at all", (data) => delete data[top], new RegExp(`its top, .*'${top}'`)],
    ];
    for (const [what, spoil, message] of refusals) t.throws(broken(path, spoil), { message }, what);
  });

t.test("a dashboard that Grafana would not show is refused", async (t) => {
  for (const [spoil, message] of [
    [(data) => Object.assign(data, { uid: "x".repeat(41) }), /overview\.json: .* at \/uid/],
    [
      (data: { panels: { gridPos: object }[] }) => Object.assign(data.panels[1]?.gridPos ?? {}, { w: 25 }),
      /\/panels\/1\/gridPos\/w/,
    ],
    [
      (data: { panels: { targets: object[] }[] }) =>
        Object.assign(data.panels[1]?.targets[0] ?? {}, { datasource: "loki" }),
      /\/panels\/1\/targets\/0\/datasource/,
    ],
  ] as [(data: never) => void, RegExp][])
    t.throws(broken(dashboardPath, spoil), { message });
});

t.test("what cannot be parsed is refused, and no secret is in what is said", async (t) => {
  const [, , contacts = "", rules = ""] = Object.keys(files);
  t.throws(() => provisioned(rules, '{"apiVersion": 1,}'), {
    message: `${rules}: found what is no JSON, expected JSON`,
  });
  t.throws(() => provisioned(contacts, "a: [s3cr3t"), { message: /what is no YAML/ });
  try {
    provisioned(contacts, new Secret("apiVersion: s3cr3t\n", "test"));
    t.fail("was taken");
  } catch (error) {
    t.type(error, MismatchError);
    t.notMatch(String(error), "s3cr3t");
  }
});

t.test("two with one uid are refused", async (t) => {
  const [one, two] = [
    { uid: "a", title: "One" },
    { uid: "b", title: "Two" },
  ];
  t.doesNotThrow(() => checkUids("alerts", [one, two]));
  t.throws(() => checkUids("alerts", [one, two, { ...one, title: "Three" }]), {
    message: 'alerts "Three" and "One": found one uid, a, expected two',
  });
});

t.test("a run stops at such a slip before it makes a plan", async (t) => {
  const site = siteOf([monitoringHost()]);
  const all = {
    alerts: services.flatMap(({ alerts }) => alerts),
    dashboards: services.flatMap(({ dashboards }) => dashboards),
  };
  const plan = (more: Partial<typeof all>) =>
    grafana.plan({ site, image: "grafana/grafana:12.4.11", memoryMb: 384, keeps: 0, metrics: [], ...all, ...more });
  t.doesNotThrow(() => plan({}));
  const [alert, dashboard] = [all.alerts[0], all.dashboards[0]];
  if (!alert || !dashboard) return t.fail("there are none");
  t.throws(() => plan({ alerts: [{ ...alert, for: "soon" }] }), {
    message: /rules\.json: .* at \/groups\/\d\/rules\/0\/for/,
  });
  t.throws(() => plan({ alerts: [alert, alert] }), { message: /found one uid/ });
  t.throws(() => plan({ dashboards: [{ ...dashboard, title: "" }] }), { message: /\.json: .* at \/title/ });
  t.throws(() => plan({ dashboards: [dashboard, dashboard] }), { message: /found one uid/ });
});
