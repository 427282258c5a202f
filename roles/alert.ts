import { orZero } from "./promql.ts";

/** A rule that Grafana evaluates. */
export interface AlertRule {
  /** Evaluated together with the others of its group. */
  readonly group: "hosts" | "applications" | "stack";
  /** Its uid in Grafana: what is fixed when the title changes. */
  readonly uid: string;
  readonly title: string;
  readonly severity: "critical" | "warning";
  readonly source: "prometheus" | "loki";
  /** What is measured; one alert for each series of the answer. */
  readonly expr: string;
  readonly fires: "above" | "below";
  readonly threshold: number;
  /** How long it must be so. */
  readonly for: string;
  /** What it means when there is no answer at all; nothing is wrong unless given. */
  readonly noData?: "Alerting";
  /** What people are told; Grafana's own template language. */
  readonly summary: string;
}

/** A store answers too many requests with an error. */
export function requestsFail(store: string, title: string): AlertRule {
  const rate = (labels: string) => `sum(rate(${store}_request_duration_seconds_count${labels}[5m]))`;
  return {
    group: "stack",
    uid: `hostwright-${store}-errors`,
    title: `${title} fails requests`,
    severity: "critical",
    source: "prometheus",
    expr: `${orZero(rate('{status_code=~"5.."}'), rate(""))} / (${rate("")} > 0)`,
    fires: "above",
    threshold: 0.05,
    for: "10m",
    summary: `${percent} of the requests to ${title} fail`,
  };
}

/** How summaries name what an alert is about; Grafana's own template language. */
export const where = "{{ $labels.host }} ({{ $labels.environment }})";
export const percent = "{{ humanizePercentage $values.value.Value }}";
