import { type AlertRule, requestsFail } from "../alert.ts";
import { grown, orZero } from "../promql.ts";

/** Traces are not taken. */
export const traceAlerts: readonly AlertRule[] = [
  {
    group: "stack",
    uid: "hostwright-spans-discarded",
    title: "Tempo discards spans",
    severity: "warning",
    source: "prometheus",
    expr: orZero(
      `sum by (reason) (${grown("tempo_discarded_spans_total", { range: "10m", seconds: 600 })})`,
      "sum(tempo_distributor_spans_received_total)",
    ),
    fires: "above",
    threshold: 0,
    for: "0s",
    summary: "Tempo discards spans: {{ $labels.reason }}",
  },
  requestsFail("tempo", "Tempo"),
];
