import { type AlertRule, percent, where } from "../alert.ts";
import { failedPart } from "../dashboards/requests.ts";

/** What is wrong with the application. */
export const applicationAlerts: readonly AlertRule[] = [
  {
    group: "applications",
    uid: "hostwright-error-rate",
    title: "Many failed requests",
    severity: "critical",
    source: "prometheus",
    expr: failedPart("", "environment, host"),
    fires: "above",
    threshold: 0.05,
    for: "5m",
    summary: `${percent} of the requests to ${where} fail`,
  },
  {
    group: "applications",
    uid: "hostwright-slow-requests",
    title: "Slow requests",
    severity: "warning",
    source: "prometheus",
    expr: "histogram_quantile(0.95, sum by (environment, host, le) (rate(http_server_requests_seconds_bucket[5m])))",
    fires: "above",
    threshold: 1,
    for: "10m",
    summary: `one request in twenty to ${where} takes longer than {{ humanizeDuration $values.value.Value }}`,
  },
];
