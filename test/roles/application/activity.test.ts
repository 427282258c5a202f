import { createServer } from "node:http";
import t from "tap";
import { readVars } from "../../../engine/index.ts";
import { activityOf, askActivity, requestsIn } from "../../../roles/application/activity.ts";
import { applicationVars } from "../../../roles/application/vars.ts";
import { program } from "../../support/lab.ts";

const path = { app_metrics_path: "/prometheus-provider", app_health_path: "/healthcheck" };
const row = (uri: string, count: string) =>
  `http_server_requests_seconds_count{error="none",method="GET",outcome="SUCCESS",status="200",uri="${uri}"} ${count}`;
const page = [
  "# TYPE http_server_requests_seconds summary",
  row("/", "2"),
  row("/reservations/{id}", "3.0"),
  row("/prometheus-provider", "240"),
  row("/healthcheck", "17"),
  row("/healthcheck/**", "1"),
  row("/healthchecks", "1.0E2"),
  'process_start_time_seconds{application="fittoring"} 1.795663782529E9',
];

for (const [name, stdout, expected] of [
  [
    "requests are those that are neither scrapes nor health checks",
    ["now 1795663900", "page", ...page],
    [1795663782, 105],
  ],
  [
    "a unit's start wins, as systemd says it",
    ["now 1795663900", "unit 1795663800", "page", ...page],
    [1795663800, 105],
  ],
  ["a page without any request is none", ["now 1795663900", "unit 1795663800", "page"], [1795663800, 0]],
  ["a page that cannot be read is not known", ["now 1795663900", "unit 1795663800"], [1795663800, undefined]],
  ["nobody says when it started", ["now 1795663900"], [undefined, undefined]],
] as const)
  t.test(`activity: ${name}`, async (t) => {
    const { now, started, requests } = activityOf({ status: 0, stdout: `${stdout.join("\n")}\n`, stderr: "" }, path);
    t.same([now, started, requests], [1795663900, ...expected]);
  });

t.test("the application's own page is asked, on its host", async (t) => {
  const server = createServer((_, answer) => answer.end(`${page.join("\n")}\n`)).listen(0, "127.0.0.1");
  t.teardown(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const ask = async (app_metrics_port: number) => {
    const reading = readVars(applicationVars, { environment: "dev", app_metrics_port });
    if ("errors" in reading) throw new Error(JSON.stringify(reading.errors));
    const { stdout } = await program("sh", "-euc", askActivity(reading.value).text);
    return activityOf({ status: 0, stdout, stderr: "" }, path);
  };
  t.match(await ask(port), { started: 1795663782, requests: 105 });
  t.match(await ask(1), { started: undefined, requests: undefined });
  t.ok(Math.abs((await ask(1)).now - Date.now() / 1000) < 60);
});

t.test("Prometheus is asked for the same requests", async (t) => {
  t.equal(
    requestsIn(86400, '{host="a"}', { ...path, app_metrics_path: "/a.b" }),
    String.raw`sum(increase(http_server_requests_seconds_count{host="a",uri!~"/a\\.b|/healthcheck(/.*)?"}[86400s]))`,
  );
});
