import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import t, { type Test } from "tap";
import { type HostVars, type Resource, Secret } from "../../../engine/index.ts";
import { alertRules } from "../../../roles/grafana/alert-rules.ts";
import { passwordResource } from "../../../roles/grafana/password.ts";
import { monitoring } from "../../../roles/monitoring/index.ts";
import { apply, plan as planIn } from "../../support/converges.ts";
import { shells } from "../../support/shells.ts";
import { dataOf, filesOf, monitoringFacts, monitoringHost, namesOf, siteOf, textOf } from "../site.ts";

const folder = "/opt/monitoring/grafana/provisioning";
const contactPoints = `${folder}/alerting/contact-points.yml`;
const slack = new Secret("https://hooks.slack.example/T0/B0/$ecret\n", "test");

function plan(vars: HostVars["vars"] = {}): readonly Resource[] {
  const site = siteOf([monitoringHost(vars)]);
  const reading = monitoring.plan(site.host, monitoringFacts, site);
  if ("errors" in reading) throw new Error(JSON.stringify(reading.errors));
  return reading.value.resources;
}

function composeOf(resources: readonly Resource[]) {
  const { desired } = resources.find(({ kind }) => kind.name === "compose") ?? {};
  return desired as { content: string; services: Record<string, { config: readonly string[] }> };
}

t.test("logs lead to traces: the story's JSON, and other spellings of a trace id", async (t) => {
  const { datasources } = dataOf(plan(), `${folder}/datasources/datasources.yml`) as unknown as {
    datasources: { uid: string; jsonData: { derivedFields: { matcherRegex: string; url: string }[] } }[];
  };
  const field = datasources.find(({ uid }) => uid === "loki")?.jsonData.derivedFields[0];
  const id = "4bf92f3577b34da6a3ce929d0e0e4736";
  const found = (line: string) => new RegExp(field?.matcherRegex ?? "").exec(line)?.[1];
  for (const line of [
    `{\n  "event": "x",\n  "traceId": "${id}",\n`,
    `{"traceId":"${id}"}`,
    `trace_id=${id} a`,
    `traceID: ${id}`,
  ])
    t.equal(found(line), id, line);
  t.equal(found('"traceId": "4bf92f3577b34da6"'), "4bf92f3577b34da6");
  t.equal(found(`"requestId": "${id}"`), undefined);
  t.equal(field?.url, "$${__value.raw}", "a dollar sign that Grafana must not expand is doubled");
});

t.test("traces lead to logs and metrics, metrics to traces, and the service map to its metrics", async (t) => {
  t.match(dataOf(plan(), `${folder}/datasources/datasources.yml`).datasources, [
    {
      jsonData: {
        exemplarTraceIdDestinations: [
          { name: "trace_id", datasourceUid: "tempo" },
          { name: "traceID", datasourceUid: "tempo" },
        ],
      },
    },
    { jsonData: { derivedFields: [{ datasourceUid: "tempo" }] } },
    {
      jsonData: {
        tracesToLogsV2: { datasourceUid: "loki", query: '{environment=~".+"} |= "$${__trace.traceId}"' },
        tracesToMetrics: { datasourceUid: "prometheus" },
        serviceMap: { datasourceUid: "prometheus" },
        nodeGraph: { enabled: true },
      },
    },
  ]);
  const dollars = textOf(plan(), `${folder}/datasources/datasources.yml`).replace(/#.*$/gm, "");
  t.notMatch(dollars, /(?<!\$)\$(?!\$)/, "no single dollar sign");
});

t.test("Tempo makes metrics of spans, and Prometheus takes them with their exemplars", async (t) => {
  t.match(dataOf(plan(), "/opt/monitoring/tempo/tempo.yaml"), {
    metrics_generator: {
      storage: { remote_write: [{ url: "http://prometheus:9090/api/v1/write", send_exemplars: true }] },
    },
    overrides: { defaults: { metrics_generator: { processors: ["service-graphs", "span-metrics"] } } },
  });
  t.match(composeOf(plan()).content, /--web\.enable-remote-write-receiver\n.*--enable-feature=exemplar-storage/);
});

t.test("a changed dashboard restarts nothing; data sources and alerts start Grafana anew", async (t) => {
  const { grafana } = composeOf(plan()).services;
  t.same(
    grafana?.config.filter((path) => path.includes("/dashboards/") && path.endsWith(".json")),
    [],
  );
  t.same(grafana?.config, [
    `${folder}/datasources/datasources.yml`,
    `${folder}/dashboards/dashboards.yml`,
    `${folder}/alerting/rules.json`,
  ]);
  t.same(composeOf(plan({ alert_slack_url: slack })).services.grafana?.config.at(-1), contactPoints);
});

t.test("each rule has an id of its own, a condition and a severity, and asks a data source that exists", async (t) => {
  const { groups } = dataOf(plan(), `${folder}/alerting/rules.json`) as unknown as {
    groups: { name: string; rules: { uid: string; condition: string; labels: object; data: { refId: string }[] }[] }[];
  };
  t.same(
    groups.map(({ name }) => name),
    Object.keys(alertRules),
  );
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
  for (const { title } of Object.values(alertRules).flat()) t.ok(page.includes(`| ${title} |`), title);
});

t.test("nobody to tell: rules, but no contact points, and what there was is removed", async (t) => {
  t.ok(namesOf(plan()).includes(`absent ${contactPoints}`));
  t.ok(filesOf(plan()).has(`${folder}/alerting/rules.json`));
});

t.test("contact points are for Grafana's user only, and what is not configured any more is deleted", async (t) => {
  const resources = plan({ alert_slack_url: slack, alert_discord_url: "https://discord.example/x" });
  t.match(dataOf(resources, contactPoints), {
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
  const { desired } = resources.find(({ id }) => id === contactPoints) ?? {};
  t.match(desired, { mode: "0400", owner: "472", group: "0", content: Secret });
  t.notMatch(composeOf(resources).content, /hooks\.slack/);
});

t.test("mail goes through the server that is named, with its password in a file", async (t) => {
  const vars = { alert_email_to: ["a@example.com", "b@example.com"], smtp_host: "smtp.example.com:587" };
  t.throws(() => plan({ alert_email_to: ["a@example.com"] }), /var alert_email_to: .*mail needs smtp_host too/);
  t.throws(() => plan(vars), /var smtp_host: .*mail needs smtp_from too/);
  const all = { ...vars, smtp_from: "grafana@example.com", smtp_user: "u", smtp_password: new Secret("hush", "test") };
  t.match(dataOf(plan(all), contactPoints).contactPoints, [
    { receivers: [{ type: "email", settings: { addresses: "a@example.com;b@example.com" } }] },
  ]);
  const { content, services } = composeOf(plan(all));
  t.match(
    content,
    /GF_SMTP_HOST: "smtp\.example\.com:587"[\s\S]*GF_SMTP_PASSWORD__FILE: \/run\/secrets\/grafana_smtp_password/,
  );
  t.notMatch(content, /hush/);
  // As -e gives it.
  const plain = plan({ ...all, smtp_password: "hush" }).find(({ id }) => id.endsWith("/grafana_smtp_password"));
  t.match(plain?.desired, { mode: "0400", owner: "472", content: Secret });
  t.ok(services.grafana?.config.includes("/opt/monitoring/secrets/grafana_smtp_password"));
});

const passwords = ["n3w-pa55", `it's "$HOME" \\n %s é`, "-x9q7z", "*"];

for (const shell of shells) {
  // Not in the title: folders are named after it.
  for (const [index, password] of passwords.entries()) {
    t.test(`a changed password is set once, and is in no argument: ${index + 1} (${shell[0]})`, async (t) => {
      const grafana = standIn(t, "old");
      const resource = passwordFor(password);
      const steps = planIn(shell, [resource]);
      t.equal(steps.length, 1, "check plans");
      t.equal(planIn(shell, [resource]).length, 1, "check again plans the same");
      t.equal(grafana.password(), "old");
      apply(shell, steps);
      t.equal(grafana.password(), password);
      t.same(planIn(shell, [resource]), [], "apply again is silent");
      t.notOk(grafana.calls().includes(password) && password.length > 1, "in no argument, in no environment");
    });
  }

  t.test(`where Grafana does not answer there is nothing to do (${shell[0]})`, async (t) => {
    standIn(t, undefined);
    t.same(planIn(shell, [passwordFor("new")]), []);
  });

  t.test(`a password that Grafana refuses after it took it fails, and says why (${shell[0]})`, async (t) => {
    standIn(t, "old", "locked");
    t.throws(() => apply(shell, planIn(shell, [passwordFor("new")])), /After five refused log-ins/);
  });
}

function passwordFor(password: string): Resource {
  return passwordResource({
    grafana_admin_user: "admin",
    grafana_admin_password: new Secret(password, "test"),
    grafana_port: 80,
    publish_address: "0.0.0.0",
  });
}

/** curl and docker in the place of a Grafana with this password; undefined: it does not answer. */
function standIn(t: Test, password: string | undefined, mode = "") {
  const dir = t.testdir({ password: password ?? "", calls: "", config: "" });
  const programs = {
    curl: `config=$(cat); wanted=$(cat '${dir}/password'; echo .); wanted=\${wanted%.}
      ${password === undefined ? "printf 000; exit 7" : ""}
      [ "$(printf '%s' "$config" | sed 's/^user = "admin:\\(.*\\)"$/\\1/; s/\\\\\\(.\\)/\\1/g')" = "$wanted" ] && printf 200 || printf 401`,
    docker: `${mode === "locked" ? "cat >/dev/null" : `IFS= read -r line; printf '%s' "$line" >'${dir}/password'`}`,
  };
  mkdirSync(`${dir}/bin`);
  for (const [name, script] of Object.entries(programs)) {
    const log = `{ printf '%s\\n' "$*"; env; } >>'${dir}/calls'`;
    writeFileSync(`${dir}/bin/${name}`, `#!/bin/sh\n${log}\n${script}\n`);
    chmodSync(`${dir}/bin/${name}`, 0o755);
  }
  const { PATH } = process.env;
  process.env.PATH = `${dir}/bin:${PATH}`;
  t.teardown(() => {
    process.env.PATH = PATH;
  });
  const read = (name: string) => (existsSync(`${dir}/${name}`) ? readFileSync(`${dir}/${name}`, "utf8") : "");
  return { password: () => read("password"), calls: () => read("calls") };
}
