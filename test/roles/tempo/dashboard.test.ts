import t from "tap";
import { evaluates, noPromtool as skip } from "../../support/promtool.ts";
import { queries } from "../grafana/queries.ts";
import { monitoringPlan } from "../plans.ts";
import { dataOf } from "../site.ts";

const queryOf = (panel: string) =>
  queries.find(({ where }) => where === `Traces and service graph: ${panel}`)?.text ?? "";
const span = (labels: string) =>
  `traces_spanmetrics_calls_total{service="s",span_kind="SPAN_KIND_SERVER",deployment_environment="dev",${labels}}`;
const edge = (name: string, server: string, labels: string) =>
  `traces_service_graph_request_${name}{client="c",server="${server}",deployment_environment="dev"${labels}}`;

for (const image of ["grafana/tempo:3.0.3", "grafana/tempo:2.10.8"]) {
  t.test(`${image} gives its metrics the label that handled failures are counted by`, async (t) => {
    const { metrics_generator } = dataOf(
      monitoringPlan({ tempo_image: image }).resources,
      "/opt/monitoring/tempo/tempo.yaml",
    );
    t.match(metrics_generator, {
      processor: {
        service_graphs: { dimensions: ["deployment.environment", "outcome"] },
        span_metrics: { dimensions: ["deployment.environment", "outcome"] },
      },
    });
  });
}

t.test("a request failed by its span's status or by Spring's outcome, and counts once", { skip }, async (t) => {
  const series = {
    [span('status_code="STATUS_CODE_UNSET",outcome="SUCCESS"')]: "0+4x100",
    [span('status_code="STATUS_CODE_UNSET",outcome="SERVER_ERROR"')]: "0+1x100",
    [span('status_code="STATUS_CODE_ERROR",outcome="SERVER_ERROR"')]: "0+1x100",
    [span('status_code="STATUS_CODE_ERROR"')]: "0+2x100",
  };
  evaluates(t, { expr: queryOf("Failed requests by service"), series, answer: { '{service="s"}': 0.5 } });
});

t.test("a service that fails no request has 0 of them", { skip }, async (t) => {
  const series = { [span('status_code="STATUS_CODE_UNSET",outcome="SUCCESS"')]: "0+4x100" };
  evaluates(t, { expr: queryOf("Failed requests by service"), series, answer: { '{service="s"}': 0 } });
});

t.test("a failed call counts once, whoever says so, and none is 0", { skip }, async (t) => {
  const failed = {
    [edge("total", "x", ',outcome="SERVER_ERROR"')]: "0+3x100",
    [edge("failed_total", "x", ',outcome="SERVER_ERROR"')]: "0+1.5x100",
  };
  const series = {
    ...failed,
    [edge("total", "db", "")]: "0+15x100",
    [edge("failed_total", "db", "")]: "0+1.5x100",
    [edge("total", "y", ',outcome="SUCCESS"')]: "0+15x100",
  };
  evaluates(t, {
    expr: queryOf("Failed calls between services"),
    series,
    answer: { '{client="c", server="x"}': 0.2, '{client="c", server="db"}': 0.1, '{client="c", server="y"}': 0 },
  });
});

t.test("traces of failed requests are found by status, by outcome and by HTTP's status", async (t) => {
  t.equal(
    queryOf("Failed requests"),
    '{ status = error || span.outcome = "SERVER_ERROR" || span.http.response.status_code >= 500 }',
  );
});
