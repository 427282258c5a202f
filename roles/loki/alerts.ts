import { type AlertRule, requestsFail, where } from "../alert.ts";
import { grown, orZero } from "../promql.ts";
import { SENT_AGAIN } from "./push.ts";

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
    expr: orZero(
      `sum by (reason) (${grown(`loki_discarded_samples_total{reason!~"${SENT_AGAIN}"}`, { range: "10m", seconds: 600 })})`,
      "sum(loki_distributor_lines_received_total)",
    ),
    fires: "above",
    threshold: 0,
    for: "0s",
    summary: "Loki discards log entries: {{ $labels.reason }}",
  },
  requestsFail("loki", "Loki"),
];
