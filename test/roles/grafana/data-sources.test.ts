import t from "tap";
import { monitoringPlan } from "../plans.ts";
import { dataOf, textOf } from "../site.ts";

const path = "/opt/monitoring/grafana/provisioning/datasources/datasources.yml";
const { resources } = monitoringPlan();

t.test("Grafana asks Prometheus, Loki and Tempo where they listen in the project's network", async (t) => {
  t.match(dataOf(resources, path).datasources, [
    { uid: "prometheus", url: "http://prometheus:9090", isDefault: true },
    { uid: "loki", url: "http://loki:3100" },
    { uid: "tempo", url: "http://tempo:3200" },
  ]);
});

t.test("logs lead to traces: traceId in JSON, and other spellings of a trace id", async (t) => {
  const { datasources } = dataOf(resources, path) as unknown as {
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
