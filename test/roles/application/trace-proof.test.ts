import t from "tap";
import type { HostVars, Said } from "../../../engine/index.ts";
import { stage } from "../stage.ts";

const NOW = 1_700_000_000;
const on = { tracing_enable: true, app_service: "fittoring.service" };
const gateway = { gateway: true };
const own = { ...on, gateway_password: "dev's own", gateway_ca: "-----BEGIN CERTIFICATE-----" };

const SENT = /date '\+now %s'/;
const SEARCH = /uid\/tempo\/api\/search/;
const ANY_ENVIRONMENT = /127\.0\.0\.1:3200\/api\/search/;
const PROCESS = /\/proc\/\[0-9\]\*\/cgroup/;

type Answers = readonly (readonly [RegExp, Partial<Said>])[];

const json = (value: unknown): Partial<Said> => ({ stdout: `${JSON.stringify(value)}\n200` });
const trace = json({ traces: [{ traceID: "4bf92f3577b34da6" }] });
const none = json({ traces: [] });
const activity = (started: number, requests?: number): Partial<Said> => {
  const page = requests === undefined ? "" : `page\nhttp_server_requests_seconds_count{uri="/"} ${requests}\n`;
  return { stdout: `now ${NOW}\nunit ${started}\n${page}` };
};
const process = (...lines: readonly string[]): Partial<Said> => ({ stdout: `${lines.join("\n")}\n` });
const told = ["TRACING_ENABLE=true", "TEMPO_GRPC_LISTENER_URL=http://192.0.2.10:443"];
const throughGateway = ["TRACING_ENABLE=true", "TEMPO_GRPC_LISTENER_URL=https://192.0.2.10:443"];

/** All that is on the way is fine, unless an earlier answer says otherwise. */
const fine: Answers = [
  [/ActiveState/, { stdout: "active\n" }],
  [/docker ps/, { stdout: "running (Up)\n" }],
  [/time_connect/, { stdout: "open\n" }],
  [SEARCH, none],
  [ANY_ENVIRONMENT, none],
  [/api\/|\/ready/, { stdout: "ready\n200" }],
];

async function proven(answers: Answers, vars: HostVars["vars"] = on, monitoringVars: HostVars["vars"] = {}) {
  const { told: findings, asked, run } = stage([...answers, ...fine], vars, {}, monitoringVars);
  await run();
  return { finding: findings.find(({ name }) => name === "application traces"), asked };
}

t.test("a trace since the application's last start proves it, and is named", async (t) => {
  const { finding, asked } = await proven([
    [SENT, activity(NOW - 3600, 12)],
    [SEARCH, trace],
  ]);
  t.match(finding, {
    outcome: "works",
    text: "trace 4bf92f3577b34da6 of fittoring in dev, 12 requests since 2023-11-14T21:13:20Z",
  });
  const search = asked.find((line) => SEARCH.test(line));
  t.match(search, `start=${NOW - 3600}`);
  t.match(search, '{ resource.service.name = "fittoring" && resource.deployment.environment = "dev" }');
});

t.test("it is asked for a day at most: Tempo may keep no more", async (t) => {
  const { asked } = await proven([
    [SENT, activity(NOW - 30 * 86400, 12)],
    [SEARCH, trace],
  ]);
  t.match(
    asked.find((line) => SEARCH.test(line)),
    `start=${NOW - 86400}`,
  );
});

t.test("with tracing off nothing is asked, and that is said", async (t) => {
  const { finding, asked } = await proven([], {});
  t.match(finding, { outcome: "unproven", text: /tracing_enable is false/ });
  t.notOk(asked.some((line) => SENT.test(line) || SEARCH.test(line) || PROCESS.test(line)));
});

t.test(
  "who had no request is not proven: at once where it has run for long, else when the waiting is over",
  async (t) => {
    const advice = /^no request since .* make one, as by "curl http:\/\/127\.0\.0\.1:8080\/" on app-1$/;
    const long = await proven([[SENT, activity(NOW - 3600, 0)]]);
    t.match(long.finding, { outcome: "unproven", text: advice });
    t.notOk(long.asked.some((line) => SEARCH.test(line)));
    const fresh = await proven([[SENT, activity(NOW - 5, 0)]]);
    t.match(fresh.finding, { outcome: "unproven", text: advice });
    t.ok((fresh.finding?.durationMs ?? 0) > 60_000);
  },
);

t.test("requests of a month ago are none of today", async (t) => {
  const { finding } = await proven([
    [SENT, activity(NOW - 30 * 86400, 12)],
    [/increase\(http_server_requests_seconds_count/, json({ data: { result: [{ metric: {}, value: [0, "0"] }] } })],
  ]);
  t.match(finding, { outcome: "unproven", text: /^no request since 2023-11-13T22:13:20Z/ });
});

t.test("metrics that cannot be read prove nothing", async (t) => {
  t.match((await proven([[SENT, activity(NOW - 5)]])).finding, {
    outcome: "unproven",
    text: /metrics .* cannot be read/,
  });
  t.match((await proven([])).finding, { outcome: "unproven", text: /name its unit, app_service/ });
});

const started = "fittoring.service on app-1 was started with";
const lost: readonly {
  name: string;
  answers: Answers;
  text: string | RegExp;
  hint?: RegExp;
  vars?: HostVars["vars"];
  monitoring?: HostVars["vars"];
}[] = [
  {
    name: "its unit does not run",
    answers: [[/ActiveState -- 'fittoring/, { stdout: "failed\n" }]],
    text: "fittoring.service on app-1 is failed",
  },
  {
    name: "it was not restarted since tracing was turned on",
    answers: [[PROCESS, process("TRACING_ENABLE=false", told[1] ?? "")]],
    text: `${started} TRACING_ENABLE=false, not TRACING_ENABLE=true`,
    hint: /systemctl restart fittoring\.service, and see that it reads \/home/,
  },
  {
    name: "it does not read its environment file",
    answers: [[PROCESS, process("")]],
    text: `${started} no TRACING_ENABLE=true`,
  },
  {
    name: "it still sends to where it sent before",
    answers: [[PROCESS, process("TRACING_ENABLE=true", "TEMPO_GRPC_LISTENER_URL=http://192.0.2.9:443")]],
    text: /TEMPO_GRPC_LISTENER_URL=http:\/\/192\.0\.2\.9:443, not TEMPO_GRPC_LISTENER_URL=http:\/\/192\.0\.2\.10:443$/,
  },
  {
    name: "it does not reach Tempo",
    answers: [
      [PROCESS, process(...told)],
      [/time_connect/, { stdout: "refused\n" }],
    ],
    text: "app-1 cannot reach 192.0.2.10:443 on mon: refused",
  },
  {
    name: "the gateway refuses its password",
    answers: [[PROCESS, process(...throughGateway, "trusts", "login 401")]],
    text: "the gateway on mon refuses the TEMPO_AUTHORIZATION that fittoring.service on app-1 was started with: 401",
    vars: own,
    monitoring: gateway,
  },
  {
    name: "it says nobody's name to the gateway",
    answers: [[PROCESS, process(...throughGateway, "trusts")]],
    text: /without TEMPO_AUTHORIZATION/,
    vars: own,
    monitoring: gateway,
  },
  {
    name: "its JVM does not trust the gateway's own CA",
    answers: [[PROCESS, process(...throughGateway, "login 405")]],
    text: /without -Djavax\.net\.ssl\.trustStore: its JVM does not trust the gateway's own CA/,
    vars: own,
    monitoring: gateway,
  },
  {
    name: "Tempo is not ready",
    answers: [
      [PROCESS, process(...told)],
      [/3200\/ready/, { stdout: "starting\n503" }],
    ],
    text: "tempo on mon is not ready: HTTP 503 starting",
  },
  {
    name: "its exporter complains",
    answers: [
      [PROCESS, process(...told)],
      [/journalctl .*Failed to export/s, { stdout: "Failed to export spans. Server is UNAVAILABLE\n" }],
    ],
    text: /Tempo on mon has no trace of "fittoring"; it says: Failed to export spans\. Server is UNAVAILABLE$/,
    hint: /spring\.application\.name/,
  },
  {
    name: "it names another environment",
    answers: [
      [PROCESS, process(...told)],
      [ANY_ENVIRONMENT, trace],
    ],
    text: /traces of "fittoring", but none with deployment\.environment="dev"/,
    hint: /DEPLOY_ENV/,
  },
];

for (const { name, answers, text, hint = /./, vars = on, monitoring = {} } of lost)
  t.test(`where a trace is missing because ${name}, that is said`, async (t) => {
    const { finding } = await proven([...answers, [SENT, activity(NOW - 3600, 12)]], vars, monitoring);
    t.match(finding, { outcome: "broken", text, hint });
  });

t.test("what is only slow is waited for", async (t) => {
  let asked = 0;
  const late = [
    SEARCH,
    {
      get stdout() {
        asked++;
        return asked > 30 ? trace.stdout : none.stdout;
      },
    },
  ] as const;
  const { finding } = await proven([late, [SENT, activity(NOW - 3600, 12)], [PROCESS, process(...told)]]);
  t.match(finding, { outcome: "works" });
});
