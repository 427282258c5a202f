import { readFileSync } from "node:fs";
import t from "tap";
import { type Query, queries } from "../roles/grafana/queries.ts";
import { eventually, LAB, lab, labAddress, onHost, site, takeLab } from "../support/lab.ts";
import { noLab } from "../support/stand.ts";

t.setTimeout(45 * 60_000);

interface Row {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

interface Span {
  readonly name: string;
  readonly kind: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, string>> }[] | null;
}

interface Batch {
  readonly resource: Pick<Span, "attributes">;
  readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
}

interface Streams {
  readonly data: {
    readonly result: readonly {
      readonly stream: Readonly<Record<string, string>>;
      readonly values: readonly (readonly [string, string])[];
    }[];
  };
}

/** What the panels of this name ask one of the stores, of app-prod. */
function panelsNamed(title: string, store: Query["source"]): readonly string[] {
  const named = queries.filter(({ where, source }) => source === store && where.endsWith(`: ${title}`));
  return named.map(({ text }) =>
    text.replaceAll('"dev|prod"', '"prod"').replaceAll('"app-dev|app-prod"', '"app-prod"'),
  );
}

/** An address on the monitoring host, asked there with these parameters. */
async function ask<T>(url: string, parameters: Readonly<Record<string, string>> = {}): Promise<T> {
  const data = Object.entries(parameters).map(([name, value]) => `--data-urlencode '${name}=${value}'`);
  return JSON.parse(await onHost("mon", `curl -sSfG '${url}' ${data.join(" ")}`));
}

async function prometheus(query: string): Promise<readonly Row[]> {
  const answer = await ask<{ data: { result: Row[] } }>("http://127.0.0.1:9090/api/v1/query", { query });
  return answer.data.result;
}

/** Traces of the last minutes in which a span is meant. */
async function traces(q: string): Promise<readonly { readonly traceID: string; readonly rootServiceName: string }[]> {
  const now = Math.floor(Date.now() / 1000);
  const when = { start: `${now - 600}`, end: `${now + 60}`, limit: "5" };
  return (await ask<{ traces: [] }>("http://127.0.0.1:3200/api/search", { q, ...when })).traces;
}

const attributesOf = ({ attributes }: Pick<Span, "attributes">) =>
  Object.fromEntries((attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]));

t.test("the Spring Boot application, on a lab of real hosts", { skip: noLab }, async (t) => {
  await takeLab(t);
  const served = JSON.parse(readFileSync(`.lab/${LAB}/releases.lock.json`, "utf8"));
  if ("app-prod: fittoring.service" in served) {
    t.pass("app-prod runs it", { skip: "Maven Central gave no Spring Boot: app-prod has the stand-in" });
    return;
  }
  const converged = await site();
  t.equal(converged.code, 0, converged.stderr);
  t.match(await onHost("app-prod", "uname -m; java -version 2>&1"), /^(x86_64|aarch64)\n.*"17\./);
  t.match(await lab("status"), /app-prod .*, Spring Boot$/m);

  await t.test("its metrics are scraped, and none are of scrapes and health checks", async (t) => {
    // The JVM has just been restarted.
    await eventually(
      "a health check",
      300,
      () => onHost("app-prod", "curl -sf http://127.0.0.1:8081/healthcheck"),
      (answer) => answer.includes("UP"),
    );
    const count = 'http_server_requests_seconds_count{host="app-prod"}';
    const rows = await eventually(
      "requests that failed",
      120,
      () => prometheus(count),
      (all) => all.some(({ metric }) => metric.outcome === "SERVER_ERROR"),
    );
    const paths = [...new Set(rows.map(({ metric }) => metric.uri))];
    t.ok(paths.includes("/mentorings/{id}"), paths.join());
    t.notOk(paths.includes("/healthcheck") || paths.includes("/prometheus-provider"), paths.join());
    const pools = 'hikaricp_connections_max or tomcat_threads_config_max_threads or jvm_memory_used_bytes{area="heap"}';
    const names = (await prometheus(pools)).map(({ metric }) => metric.__name__);
    t.equal(new Set(names).size, 3, names.join());
  });

  await t.test("its traces come by gRPC, with their SQL, across both services", async (t) => {
    // Each service sends on its own, every few seconds: the root comes last.
    const query = '{ resource.service.name = "fittoring-payments" && name = "query" && rootServiceName = "fittoring" }';
    const [found] = await eventually(
      "a trace of both",
      120,
      () => traces(query),
      (all) => all.length > 0,
    );
    t.equal(found?.rootServiceName, "fittoring");
    const { batches } = await ask<{ batches: Batch[] }>(`http://127.0.0.1:3200/api/traces/${found?.traceID}`);
    const spans = batches.flatMap(({ resource, scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, of: attributesOf(resource) }))),
    );
    const sql = spans.filter(({ name }) => name === "query").map((span) => attributesOf(span)["jdbc.query[0]"]);
    t.match(sql.sort(), [/^INSERT INTO reservation/, /^SELECT price FROM mentoring/]);
    const served = spans.filter(({ kind }) => kind === "SPAN_KIND_SERVER");
    t.match(served.map(({ of }) => of["service.name"]).sort(), ["fittoring", "fittoring-payments"]);
    for (const { of } of served) t.equal(of["deployment.environment"], "prod");
  });

  await t.test("a failure that it handled has no error in its span, and its status", async (t) => {
    const found = await eventually(
      "a failed request",
      60,
      () => traces('{ span.outcome = "SERVER_ERROR" && span.status = "500" && status = unset }'),
      (all) => all.length > 0,
    );
    t.match(found, [{ rootServiceName: "fittoring" }]);
    await t.rejects(traces("{ status = error } | rate()"), /400/, "what the stand-in does not understand it refuses");
    t.same(await traces('{ name =~ ".*(healthcheck|prometheus-provider).*" }'), [], "checks make no traces");
  });

  await t.test("Tempo draws an edge between the two services", async (t) => {
    const query = 'sum(traces_service_graph_request_total{client="fittoring",server="fittoring-payments"})';
    const [row] = await eventually(
      "the edge",
      90,
      () => prometheus(query),
      (rows) => rows.length > 0,
    );
    t.ok(Number(row?.value[1]) > 0);
  });

  await t.test("an exception is one entry: JSON over several lines, and its stack trace", async (t) => {
    const loki = `${labAddress("mon")}:8080/loki/api/v1/query_range`;
    const parameters = { query: '{host="app-prod"} |= "unhandled_exception"', limit: "20" };
    const answer = await eventually(
      "an exception",
      90,
      () => ask<Streams>(loki, parameters),
      ({ data }) => data.result.length > 0,
    );
    const [[, entry = ""] = []] = answer.data.result[0]?.values ?? [];
    const [json = "", trace = ""] = entry.split(/(?<=^\})\n/m);
    t.match(JSON.parse(json), { level: "ERROR", message: "unhandled_exception", traceId: /^[0-9a-f]{32}$/ });
    t.ok(json.split("\n").length > 5, "an event of several lines");
    t.match(trace, /^java\.lang\.IllegalStateException: reservation 7 .*\n\tat lab\.fittoring\.Mentorings\.approve/);
    t.match(trace, /Thread\.run\(Thread\.java:\d+\)\s*$/, "to its last line");
  });

  await t.test("the dashboards show both: the exception among the errors, and the requests that failed", async (t) => {
    const [errors = ""] = panelsNamed("Latest errors", "loki");
    const url = `${labAddress("mon")}:8080/loki/api/v1/query_range`;
    const answer = await eventually(
      "an exception among the latest errors",
      60,
      () => ask<Streams>(url, { query: errors, limit: "20" }),
      ({ data }) => data.result.length > 0,
    );
    for (const { stream } of answer.data.result) t.match(stream, { level: "ERROR", host: "app-prod" });
    const lines = answer.data.result.flatMap(({ values }) => values.map(([, line]) => line));
    t.ok(
      lines.some((line) => /\n\tat lab\.fittoring\./.test(line)),
      "with its stack trace",
    );
    const parts = panelsNamed("Failed requests", "prometheus");
    t.equal(parts.length, 2, "overview and application");
    for (const query of parts) {
      const [row] = await prometheus(query);
      t.ok(Number(row?.value[1]) > 0, `${row?.value[1]} of the requests failed`);
    }
    const [failed = ""] = panelsNamed("Failed requests", "tempo");
    t.ok((await traces(failed)).some(({ rootServiceName }) => rootServiceName === "fittoring"));
  });

  await t.test("logback rotates, under a name that is not shipped as a file of its own", async (t) => {
    const names = await onHost("app-prod", "ls /home/ubuntu/fittoring/logs");
    for (const name of names.trim().split("\n"))
      t.match(name, /^(app|payments)(\.\d{4}-\d\d-\d\d\.\d+)?\.log$/, "as docs/spring-boot.md says");
  });
});
