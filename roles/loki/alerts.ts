import { type AlertRule, requestsFail, where } from "../alert.ts";

const entries = (range: string) => `sum by (environment, host) (count_over_time({environment=~".+"}[${range}]))`;

/** Logs do not come, or are not taken. */
export const logAlerts: readonly AlertRule[] = [
  {
    group: "applications",
    uid: "hostwright-logs-stopped",
    title: "Log entries stopped coming",
    severity: "warning",
    source: "loki",
    // A host that is silent for longer than the first range is no longer expected to write.
    expr: `${entries("6h")} unless ${entries("30m")}`,
    fires: "above",
    threshold: 0,
    for: "5m",
    summary: `${where} has written no log entry for half an hour: the application or its log agent has stopped`,
  },
  {
    group: "stack",
    uid: "hostwright-logs-discarded",
    title: "Loki discards log entries",
    severity: "warning",
    source: "prometheus",
    expr: "sum by (reason) (increase(loki_discarded_samples_total[10m]))",
    fires: "above",
    threshold: 0,
    for: "0s",
    summary: "Loki discards log entries: {{ $labels.reason }}",
  },
  requestsFail("loki", "Loki"),
];
