import t from "tap";
import { monitoringPlan } from "../plans.ts";
import { dataOf, textOf } from "../site.ts";
import { linksOfEntry, linksOfExemplar, linksOfSpan } from "./links.ts";
import { errorsOf } from "./queries.ts";

const path = "/opt/monitoring/grafana/provisioning/datasources/datasources.yml";
const { resources } = monitoringPlan();

t.test("Grafana asks Prometheus, Loki and Tempo where they listen in the project's network", async (t) => {
  t.match(dataOf(resources, path).datasources, [
    { uid: "prometheus", url: "http://prometheus:9090", isDefault: true },
    { uid: "loki", url: "http://loki:3100" },
    { uid: "tempo", url: "http://tempo:3200" },
  ]);
});

const id = "4bf92f3577b34da6a3ce929d0e0e4736";
const stack = "java.lang.IllegalStateException: x\n\tat lab.Fittoring.run(Fittoring.java:7)\n";

for (const { name, line } of [
  {
    name: "JSON over several lines",
    line: `{\n  "event": "x",\n  "traceId": "${id}",\n  "spanId": "00f067aa0ba902b7"\n}`,
  },
  { name: "JSON, and a stack trace behind it", line: `{\n  "level": "ERROR",\n  "traceId": "${id}"\n}\n${stack}` },
  { name: "JSON on one line", line: `{"traceId":"${id}"}` },
  { name: "ECS", line: `{"trace.id":"${id}"}` },
  {
    name: "logback's pattern as Spring Boot has it",
    line: `2026-11-26T03:00:00.000Z ERROR 7 --- [fittoring] [nio-8081-exec-1] [${id}-00f067aa0ba902b7] lab.Fittoring : x`,
  },
  { name: "logfmt", line: `level=error trace_id=${id} msg=x` },
  { name: "logfmt, as Tempo spells it", line: `level=error traceID=${id}` },
  { name: "text", line: `traceID: ${id}` },
]) {
  t.test(`an entry leads to its trace: ${name}`, async (t) => {
    t.same(linksOfEntry({ line, labels: {} }), [{ to: "tempo", query: id }]);
  });
}

t.test("what the agent found leads there too, and what is no trace id nowhere", async (t) => {
  t.same(linksOfEntry({ line: "x", labels: { level: "ERROR", trace_id: id } }), [{ to: "tempo", query: id }]);
  t.same(linksOfEntry({ line: '"traceId": "4bf92f3577b34da6"', labels: {} })[0]?.query, "4bf92f3577b34da6");
  for (const line of [`"requestId": "${id}"`, `[${id}]`, `[-]`, '"traceId": ""', `"traceId": "${id}0"`])
    t.same(linksOfEntry({ line, labels: {} }), [], line);
});

t.test("an exemplar leads to its trace, as Micrometer and as Tempo spell it", async (t) => {
  t.same(linksOfExemplar({ trace_id: id, span_id: "00f067aa0ba902b7" }), [{ to: "tempo", query: id }]);
  t.same(linksOfExemplar({ traceID: id }), [{ to: "tempo", query: id }]);
});

t.test("a span leads to its trace's entries and to its service's metrics, whatever attributes it has", async (t) => {
  const service = { "service.name": "fittoring", "deployment.environment": "dev" };
  const [logs, ...metrics] = linksOfSpan({ traceId: id, attributes: service });
  t.same(logs, { to: "loki", query: `{environment=~".+"} |= "${id}"` });
  t.equal(metrics.length, 3);
  for (const { to, query } of metrics) {
    t.equal(to, "prometheus");
    t.match(query, /traces_spanmetrics_\w+\{service="fittoring"/);
    t.notMatch(query, /\$/, "nothing is left to fill in");
    t.same(errorsOf({ where: "", source: "prometheus", text: query }), []);
  }
  t.same(linksOfSpan({ traceId: id, attributes: {} })[0], logs);
  t.same(errorsOf({ where: "", source: "loki", text: logs?.query ?? "" }), []);
});

t.test("traces lead to logs and metrics, metrics to traces, and the service map to its metrics", async (t) => {
  t.match(dataOf(resources, path).datasources, [
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
  const dollars = textOf(resources, path).replace(/#.*$/gm, "");
  t.notMatch(dollars, /(?<!\$)\$(?!\$)/, "no single dollar sign");
});
