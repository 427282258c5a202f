import { dashboard, environmentVariable } from "../dashboards/dashboard.ts";
import { graph, serviceGraph, traces } from "../dashboards/panels.ts";
import { orZero } from "../promql.ts";

// An application that does not say its deployment.environment has none here: "All" shows it too.
const chosen = `deployment_environment=~"$environment"`;
const TRACES = "an application sends traces (tracing_enable)";
const entering = `span_kind="SPAN_KIND_SERVER",${chosen}`;
const calls = (labels: string) => `rate(traces_spanmetrics_calls_total{${labels}}[$__rate_interval])`;
const edges = (name: string, labels = "") =>
  `rate(traces_service_graph_request_${name}{${labels}${chosen}}[$__rate_interval])`;

// A failure that the application handled leaves the span's status unset; Spring says it by the attribute "outcome".
const handled = 'outcome="SERVER_ERROR"';
const failedCalls = `${calls(`status_code="STATUS_CODE_ERROR",${entering}`)} or ${calls(`${handled},${entering}`)}`;
const failedEdges = `${edges("total", `${handled},`)} or ${edges("failed_total")}`;

/** Who calls whom, how fast, and which requests to look at: what Pinpoint drew. */
export const tracesDashboard = dashboard({
  name: "traces",
  title: "Traces and service graph",
  about: "Who calls whom, how fast, and which requests to look at. Drawn from the traces that applications send.",
  variables: [environmentVariable()],
  rows: {
    Services: [
      serviceGraph({
        title: "Service graph",
        emptyUnless: TRACES,
        about:
          "Each circle is a service or a database: requests a second, mean duration, and in red the part that failed. Grafana counts only spans with an error there: failures that the application handled are in the graphs below.",
        width: 24,
        query: `{${chosen}}`,
      }),
      graph({
        title: "Requests by service",
        emptyUnless: TRACES,
        about: "Requests a second that entered it.",
        unit: "reqps",
        queries: { "{{service}}": `sum by (service) (${calls(entering)})` },
      }),
      graph({
        title: "Failed requests by service",
        emptyUnless: TRACES,
        about: "The part of the requests that entered it and failed, whether or not the application handled it.",
        unit: "percentunit",
        queries: {
          "{{service}}": `${orZero(`sum by (service) (${failedCalls})`, `sum by (service) (${calls(entering)})`)} / (sum by (service) (${calls(entering)}) > 0)`,
        },
      }),
      graph({
        title: "Duration by service: 95th percentile",
        emptyUnless: TRACES,
        about: "One request in twenty takes longer. A point leads to its trace.",
        unit: "s",
        exemplars: true,
        queries: {
          "{{service}}": `histogram_quantile(0.95, sum by (service, le) (rate(traces_spanmetrics_latency_bucket{${entering}}[$__rate_interval])))`,
        },
      }),
    ],
    Calls: [
      graph({
        title: "Calls between services",
        emptyUnless: TRACES,
        about: "A second; databases are services here.",
        unit: "reqps",
        queries: { "{{client}} → {{server}}": `sum by (client, server) (${edges("total")})` },
      }),
      graph({
        title: "Failed calls between services",
        emptyUnless: TRACES,
        about: "A second. Should be 0.",
        unit: "reqps",
        queries: {
          "{{client}} → {{server}}": orZero(
            `sum by (client, server) (${failedEdges})`,
            `sum by (client, server) (${edges("total")})`,
          ),
        },
      }),
      graph({
        title: "Duration of calls: 95th percentile",
        emptyUnless: TRACES,
        about: "As the called service measured it.",
        unit: "s",
        queries: {
          "{{client}} → {{server}}": `histogram_quantile(0.95, sum by (client, server, le) (${edges("server_seconds_bucket")}))`,
        },
      }),
      graph({
        title: "Slowest operations: 95th percentile",
        emptyUnless: TRACES,
        about: "The ten slowest kinds of spans, SQL statements among them.",
        unit: "s",
        width: 24,
        queries: {
          "{{service}} {{span_name}}": `topk(10, histogram_quantile(0.95, sum by (service, span_name, le) (rate(traces_spanmetrics_latency_bucket{${chosen}}[$__rate_interval]))))`,
        },
      }),
    ],
    Traces: [
      traces({
        title: "Failed requests",
        about:
          "The latest traces with an error in them, or a request that was answered with 500 or more. New ones come after about half a minute.",
        width: 12,
        query: '{ status = error || span.outcome = "SERVER_ERROR" || span.http.response.status_code >= 500 }',
      }),
      traces({
        title: "Slow requests",
        about: "The latest traces of more than a second.",
        width: 12,
        query: "{ traceDuration > 1s }",
      }),
    ],
  },
});
