import { dashboard, environmentVariable } from "../dashboards/dashboard.ts";
import { graph, serviceGraph, traces } from "../dashboards/panels.ts";

// An application that does not say its deployment.environment has none here: "All" shows it too.
const chosen = `deployment_environment=~"$environment"`;
const entering = `span_kind="SPAN_KIND_SERVER",${chosen}`;
const calls = (labels: string) => `rate(traces_spanmetrics_calls_total{${labels}}[$__rate_interval])`;
const edges = (name: string) => `rate(traces_service_graph_request_${name}{${chosen}}[$__rate_interval])`;

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
        about:
          "Each circle is a service or a database: requests a second, mean duration, and in red the part that failed.",
        width: 24,
        query: `{${chosen}}`,
      }),
      graph({
        title: "Requests by service",
        about: "Requests a second that entered it.",
        unit: "reqps",
        queries: { "{{service}}": `sum by (service) (${calls(entering)})` },
      }),
      graph({
        title: "Failed requests by service",
        about: "The part of the requests that entered it and ended in an error.",
        unit: "percentunit",
        queries: {
          "{{service}}": `sum by (service) (${calls(`status_code="STATUS_CODE_ERROR",${entering}`)}) / sum by (service) (${calls(entering)})`,
        },
      }),
      graph({
        title: "Duration by service: 95th percentile",
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
        about: "A second; databases are services here.",
        unit: "reqps",
        queries: { "{{client}} → {{server}}": `sum by (client, server) (${edges("total")})` },
      }),
      graph({
        title: "Failed calls between services",
        about: "A second. Should be 0.",
        unit: "reqps",
        queries: { "{{client}} → {{server}}": `sum by (client, server) (${edges("failed_total")})` },
      }),
      graph({
        title: "Duration of calls: 95th percentile",
        about: "As the called service measured it.",
        unit: "s",
        queries: {
          "{{client}} → {{server}}": `histogram_quantile(0.95, sum by (client, server, le) (${edges("server_seconds_bucket")}))`,
        },
      }),
      graph({
        title: "Slowest operations: 95th percentile",
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
        about: "The latest traces with an error in them. New ones come after about half a minute.",
        width: 12,
        query: "{ status = error }",
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
