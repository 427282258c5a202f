import { readFileSync } from "node:fs";
import t from "tap";
import { type HostVars, Secret } from "../../../engine/index.ts";
import { services } from "../../../roles/services.ts";
import { composeTextOf, desiredOf, monitoringPlan, projectOf } from "../plans.ts";
import { dataOf, filesOf, namesOf } from "../site.ts";

const folder = "/opt/monitoring/grafana/provisioning";
const contactPoints = `${folder}/alerting/contact-points.yml`;
const slack = new Secret("https://hooks.slack.example/T0/B0/$ecret\n", "test");
const alerts = services.flatMap((service) => service.alerts);
const resources = (vars: HostVars["vars"] = {}) => monitoringPlan(vars).resources;

t.test("each rule has an id of its own, a condition and a severity, and asks a data source that exists", async (t) => {
  const { groups } = dataOf(resources(), `${folder}/alerting/rules.json`) as unknown as {
    groups: { name: string; rules: { uid: string; condition: string; labels: object; data: { refId: string }[] }[] }[];
  };
  t.same(groups.map(({ name }) => name).sort(), [...new Set(alerts.map(({ group }) => group))].sort());
  const rules = groups.flatMap((group) => group.rules);
  t.equal(new Set(rules.map(({ uid }) => uid)).size, rules.length);
  for (const { uid, condition, data } of rules) {
    t.ok(uid.length <= 40 && /^[\w-]+$/.test(uid), uid);
    t.ok(data.some(({ refId }) => refId === condition));
  }
  t.match(rules[0], {
    uid: "hostwright-target-down",
    for: "5m",
    noDataState: "Alerting",
    labels: { severity: "critical" },
    annotations: { summary: "{{ $labels.job }} of {{ $labels.host }} ({{ $labels.environment }}) at" },
    data: [
      { datasourceUid: "prometheus", model: { expr: "up", instant: true } },
      { datasourceUid: "__expr__", model: { conditions: [{ evaluator: { type: "lt", params: [1] } }] } },
    ],
  });
});

t.test("docs/alerting.md names every rule", async (t) => {
  const page = readFileSync("docs/alerting.md", "utf8");
  for (const { title } of alerts) t.ok(page.includes(`| ${title} |`), title);
});

t.test("nobody to tell: rules, but no contact points, and what there was is removed", async (t) => {
  t.ok(namesOf(resources()).includes(`absent ${contactPoints}`));
  t.ok(filesOf(resources()).has(`${folder}/alerting/rules.json`));
});

t.test("contact points are for Grafana's user only, and what is not configured any more is deleted", async (t) => {
  const found = resources({ alert_slack_url: slack, alert_discord_url: "https://discord.example/x" });
  t.match(dataOf(found, contactPoints), {
    contactPoints: [
      {
        name: "hostwright",
        receivers: [
          { uid: "hostwright-slack", type: "slack", settings: { url: "https://hooks.slack.example/T0/B0/%24ecret" } },
          { uid: "hostwright-discord", type: "discord", settings: { url: "https://discord.example/x" } },
        ],
      },
    ],
    deleteContactPoints: [{ uid: "hostwright-webhook" }, { uid: "hostwright-email" }],
    policies: [{ receiver: "hostwright" }],
  });
  t.match(desiredOf(found, contactPoints), { mode: "0400", owner: "472", group: "0", content: Secret });
  t.notMatch(composeTextOf(found), /hooks\.slack/);
});

t.test("mail goes through the server that is named, with its password in a file", async (t) => {
  const vars = { alert_email_to: ["a@example.com", "b@example.com"], smtp_host: "smtp.example.com:587" };
  t.throws(() => resources({ alert_email_to: ["a@example.com"] }), /var alert_email_to: .*mail needs smtp_host too/);
  t.throws(() => resources(vars), /var smtp_host: .*mail needs smtp_from too/);
  const all = { ...vars, smtp_from: "grafana@example.com", smtp_user: "u", smtp_password: new Secret("hush", "test") };
  t.match(dataOf(resources(all), contactPoints).contactPoints, [
    { receivers: [{ type: "email", settings: { addresses: "a@example.com;b@example.com" } }] },
  ]);
  const { services } = projectOf(resources(all));
  const content = composeTextOf(resources(all));
  t.match(
    content,
    /GF_SMTP_HOST: "smtp\.example\.com:587"[\s\S]*GF_SMTP_PASSWORD__FILE: \/run\/secrets\/grafana_smtp_password/,
  );
  t.notMatch(content, /hush/);
  // As -e gives it.
  const plain = resources({ ...all, smtp_password: "hush" });
  t.match(desiredOf(plain, "/opt/monitoring/secrets/grafana_smtp_password"), {
    mode: "0400",
    owner: "472",
    content: Secret,
  });
  t.ok(services.grafana?.config?.includes("/opt/monitoring/secrets/grafana_smtp_password"));
});
