import { type AlertRule, where } from "../alert.ts";

/** Prometheus cannot read something, or not what it was given. */
export const metricsAlerts: readonly AlertRule[] = [
  {
    group: "hosts",
    uid: "hostwright-target-down",
    title: "Target down",
    severity: "critical",
    source: "prometheus",
    expr: "up",
    fires: "below",
    threshold: 1,
    for: "5m",
    noData: "Alerting",
    summary: `{{ $labels.job }} of ${where} at {{ $labels.instance }} does not answer`,
  },
  {
    group: "stack",
    uid: "hostwright-prometheus-config",
    title: "Prometheus refuses its configuration",
    severity: "warning",
    source: "prometheus",
    expr: "prometheus_config_last_reload_successful",
    fires: "below",
    threshold: 1,
    for: "5m",
    summary: "Prometheus refuses its new configuration and runs the one before",
  },
];
