export interface AlertRule {
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

const where = "{{ $labels.host }} ({{ $labels.environment }})";
const percent = "{{ humanizePercentage $values.value.Value }}";
const disks = 'fstype!~"tmpfs|overlay|squashfs|ramfs"';
const failed = 'sum by (environment, host) (rate(http_server_requests_seconds_count{status=~"5.."}[5m]))';
const served = "sum by (environment, host) (rate(http_server_requests_seconds_count[5m]))";
const entries = (range: string) => `sum by (environment, host) (count_over_time({environment=~".+"}[${range}]))`;

const hosts: readonly AlertRule[] = [
  {
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
    uid: "hostwright-disk-low",
    title: "Disk almost full",
    severity: "warning",
    source: "prometheus",
    expr: `1 - node_filesystem_avail_bytes{${disks}} / node_filesystem_size_bytes{${disks}}`,
    fires: "above",
    threshold: 0.85,
    for: "15m",
    summary: `${percent} of {{ $labels.mountpoint }} on ${where} is in use`,
  },
  {
    uid: "hostwright-disk-full-soon",
    title: "Disk full within a day",
    severity: "critical",
    source: "prometheus",
    expr: `predict_linear(node_filesystem_avail_bytes{${disks}}[6h], 86400) and node_filesystem_avail_bytes{${disks}} / node_filesystem_size_bytes{${disks}} < 0.3`,
    fires: "below",
    threshold: 0,
    for: "1h",
    summary: `{{ $labels.mountpoint }} on ${where} will be full within a day if it goes on as in the last six hours`,
  },
  {
    uid: "hostwright-memory-low",
    title: "Memory almost used up",
    severity: "warning",
    source: "prometheus",
    expr: "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
    fires: "above",
    threshold: 0.9,
    for: "10m",
    summary: `${percent} of the memory of ${where} is in use`,
  },
  {
    uid: "hostwright-oom-kill",
    title: "Program killed for want of memory",
    severity: "critical",
    source: "prometheus",
    expr: "increase(node_vmstat_oom_kill[10m])",
    fires: "above",
    threshold: 0,
    for: "0s",
    summary: `the kernel of ${where} killed a program because memory ran out`,
  },
];

const applications: readonly AlertRule[] = [
  {
    uid: "hostwright-error-rate",
    title: "Many failed requests",
    severity: "critical",
    source: "prometheus",
    expr: `${failed} / ${served}`,
    fires: "above",
    threshold: 0.05,
    for: "5m",
    summary: `${percent} of the requests to ${where} fail`,
  },
  {
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
  {
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
];

const stack: readonly AlertRule[] = [
  {
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
  {
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
  {
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
  ...(["loki", "tempo"] as const).map(
    (store): AlertRule => ({
      uid: `hostwright-${store}-errors`,
      title: `${store === "loki" ? "Loki" : "Tempo"} fails requests`,
      severity: "critical",
      source: "prometheus",
      expr: `sum(rate(${store}_request_duration_seconds_count{status_code=~"5.."}[5m])) / sum(rate(${store}_request_duration_seconds_count[5m]))`,
      fires: "above",
      threshold: 0.05,
      for: "10m",
      summary: `${percent} of the requests to ${store === "loki" ? "Loki" : "Tempo"} fail`,
    }),
  ),
];

/** The rules by the name of their group; a group is evaluated together. */
export const alertRules: Readonly<Record<string, readonly AlertRule[]>> = { hosts, applications, stack };
