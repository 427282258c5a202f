import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import t from "tap";
import { parse, stringify } from "yaml";
import { dropRules } from "../../../roles/prometheus/drop.ts";
import { jobsOf } from "../../../roles/prometheus/scrapes.ts";
import { freePort } from "../../support/port.ts";
import { monitoringPlan } from "../plans.ts";
import { appHost, monitoringHost, siteOf, textOf } from "../site.ts";

const hosts = [
  appHost("app-1", "dev"),
  appHost("app-2", "dev"),
  appHost("app-3", "dev", { app_metrics_path: "/actuator/prometheus", app_health_path: "/actuator/health" }),
];
const [, app] = jobsOf(siteOf([monitoringHost(), ...hosts]));

t.test("hosts that have the same paths share a rule, and a rule is of its hosts", async (t) => {
  const rules = dropRules(app?.targets ?? []);
  t.same(
    rules.map(({ labels }) => labels),
    [
      ["host", "__name__", "uri"],
      ["host", "__name__", "uri"],
    ],
  );
  const dropped = (...values: readonly string[]) =>
    rules.some(({ regex }) => new RegExp(`^(?:${regex})$`).test(values.join(";")));
  const count = "http_server_requests_seconds_count";
  for (const uri of ["/prometheus-provider", "/healthcheck", "/healthcheck/**", "/healthcheck/liveness"]) {
    t.ok(dropped("app-1", count, uri), uri);
    t.ok(dropped("app-2", "http_server_requests_seconds_bucket", uri), uri);
    t.notOk(dropped("app-3", count, uri), `${uri} is a page of another host`);
  }
  t.ok(dropped("app-3", count, "/actuator/health"));
  for (const uri of ["/", "/mentorings", "/healthchecks", "/prometheus-provider-x", "/x/healthcheck", "/actuator/info"])
    t.notOk(dropped("app-1", count, uri) || dropped("app-3", count, uri), uri);
  t.notOk(dropped("app-1", "jvm_memory_used_bytes", "/healthcheck"), "of requests only");
  t.notOk(dropped("app-10", count, "/healthcheck"), "a host is named whole");
});

t.test("what stands in a path stands for itself", async (t) => {
  const [rule] = dropRules([{ host: "a.b", leftOut: { metric: "m", label: "uri", values: ["/a.b+(c)$"] } }]);
  t.equal(rule?.regex, "(a\\.b);m(_.*)?;(/a\\.b\\+\\(c\\)\\$)(/.*)?");
});

const skip = spawnSync("prometheus", ["--version"]).error ? "needs prometheus (Debian: prometheus)" : false;

t.test("the real Prometheus stores no scrape and no health check, and all the rest", { skip }, async (t) => {
  const exported = ["/prometheus-provider", "/healthcheck", "/healthcheck/**", "/mentorings/{id}"].flatMap((uri) => [
    `http_server_requests_seconds_count{uri="${uri}",status="200"} 3`,
    `http_server_requests_seconds_bucket{uri="${uri}",status="200",le="+Inf"} 3`,
  ]);
  const application = createHttpServer((_, response) => {
    response.setHeader("Content-Type", "text/plain; version=0.0.4");
    response.end(`process_uptime_seconds 7\n${exported.join("\n")}\n`);
  }).listen(0, "127.0.0.1");
  t.teardown(() => application.close());
  await once(application, "listening");
  const target = `127.0.0.1:${(application.address() as AddressInfo).port}`;
  const ask = await prometheusOf(t.testdir(), target, t);

  await t.resolves(until(async () => (await ask("process_uptime_seconds")).length === 1));
  const uris = (await ask('{__name__=~"http_server_requests.*"}')).map(({ uri }) => uri);
  t.same(uris, ["/mentorings/{id}", "/mentorings/{id}"]);
  t.match(await ask("up"), [{ host: "app-1", environment: "dev" }]);

  /** With the jobs of `app-1` as they are rendered, but for where they find their targets. */
  async function prometheusOf(dir: string, address: string, { teardown }: typeof t) {
    const text = textOf(monitoringPlan({}, hosts.slice(0, 1)).resources, "/opt/monitoring/prometheus/jobs/dev.yml");
    const labels = { environment: "dev", host: "app-1", __metrics_path__: "/prometheus-provider" };
    writeFileSync(`${dir}/targets.yml`, stringify([{ targets: [address], labels }]));
    const { scrape_configs: jobs } = parse(text) as { scrape_configs: { job_name: string }[] };
    const own = jobs
      .filter(({ job_name }) => job_name === "dev_app_metrics")
      .map((job) => ({ ...job, file_sd_configs: [{ files: [`${dir}/targets.yml`] }] }));
    writeFileSync(`${dir}/p.yml`, stringify({ global: { scrape_interval: "1s" }, scrape_configs: own }));
    const listen = `127.0.0.1:${await freePort()}`;
    const args = [`--config.file=${dir}/p.yml`, `--storage.tsdb.path=${dir}/data`, `--web.listen-address=${listen}`];
    const child = spawn("prometheus", args, { stdio: "ignore" });
    teardown(async () => {
      child.kill("SIGKILL");
      await once(child, "exit");
    });
    return async (query: string): Promise<readonly Record<string, string>[]> => {
      const url = `http://${listen}/api/v1/query?query=${encodeURIComponent(query)}`;
      const answer = await fetch(url).catch(() => undefined);
      if (!answer?.ok) return [];
      const { data } = (await answer.json()) as { data: { result: { metric: Record<string, string> }[] } };
      return data.result.map(({ metric }) => metric);
    };
  }
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 150; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("not within 30 s");
}
