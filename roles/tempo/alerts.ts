import { type AlertRule, requestsFail } from "../alert.ts";

/** Traces are not taken. */
export const traceAlerts: readonly AlertRule[] = [
  {
    group: "stack",
    uid: "hostwright-spans-discarded",
    title: "Tempo discards spans",
    severity: "warning",
    source: "prometheus",
    expr: "sum by (reason) (increase(tempo_discarded_spans_total[10m]))",
    fires: "above",
    threshold: 0,
    for: "0s",
    summary: "Tempo discards spans: {{ $labels.reason }}",
  },
  requestsFail("tempo", "Tempo"),
];
