import { dashboard, environmentVariable } from "../dashboards/dashboard.ts";
import { graph, stat } from "../dashboards/panels.ts";
import { SENT_AGAIN } from "../loki/push.ts";
import { grown, orZero, shown } from "../promql.ts";

const lost = `loki_discarded_samples_total{reason!~"${SENT_AGAIN}"}`;
const sentAgain = `loki_discarded_samples_total{reason=~"${SENT_AGAIN}"}`;
const own = `job=~"grafana|loki|prometheus|tempo"`;

/** Whether the monitoring itself is well: what it takes in, drops, and weighs. */
export const stack = dashboard({
  name: "stack",
  title: "The stack itself",
  about: "Whether the monitoring itself is well: what it takes in, what it drops, what it weighs.",
  variables: [environmentVariable()],
  rows: {
    Now: [
      stat({
        title: "Services that answer",
        about: "Of Grafana, Loki, Prometheus and Tempo. Should be 4.",
        unit: "short",
        width: 6,
        queries: { up: `sum(up{${own}})` },
      }),
      stat({
        title: "Prometheus' configuration",
        about: "1: it runs the newest one. 0: it refused it, and runs the one before.",
        unit: "short",
        width: 6,
        queries: { accepted: "prometheus_config_last_reload_successful" },
      }),
      stat({
        title: "Discarded log entries",
        about:
          "Entries that Loki refused in the chosen time and that are lost, as those that are too old. Should be 0. What came too fast is sent again and not counted.",
        unit: "short",
        width: 6,
        steps: [1, 100],
        queries: { lost: orZero(`sum(${grown(lost, shown)})`, "sum(loki_distributor_lines_received_total)") },
      }),
      stat({
        title: "Discarded spans",
        about: "Spans that Tempo refused in the chosen time. Should be 0.",
        unit: "short",
        width: 6,
        steps: [1, 100],
        queries: {
          discarded: orZero(
            `sum(${grown("tempo_discarded_spans_total", shown)})`,
            "sum(tempo_distributor_spans_received_total)",
          ),
        },
      }),
    ],
    "What Prometheus reads": [
      graph({
        title: "Targets that answer",
        about: "1: it answers, 0: it does not. The stack's own have no environment: choose All.",
        unit: "short",
        width: 12,
        queries: { "{{job}} {{host}}": `up{environment=~"$environment"}` },
      }),
      graph({
        title: "Time to read a target",
        about: "A target that takes longer than the limit counts as one that does not answer.",
        unit: "s",
        width: 12,
        queries: { "{{job}} {{host}}": `scrape_duration_seconds{environment=~"$environment"}` },
      }),
    ],
    "What it weighs": [
      graph({
        title: "Memory",
        about: "Resident. The kernel ends a service that reaches its container's limit.",
        unit: "bytes",
        width: 12,
        queries: { "{{job}}": `process_resident_memory_bytes{${own}}` },
      }),
      graph({
        title: "Processor",
        about: "Cores in use.",
        unit: "short",
        width: 12,
        queries: { "{{job}}": `rate(process_cpu_seconds_total{${own}}[$__rate_interval])` },
      }),
    ],
    Prometheus: [
      graph({
        title: "Series",
        about: "Kept in memory. Grows for ever: a label with ever new values.",
        unit: "short",
        queries: { series: "prometheus_tsdb_head_series" },
      }),
      graph({
        title: "Samples a second",
        about: "From targets, and from Tempo's metrics generator.",
        unit: "short",
        queries: { samples: "rate(prometheus_tsdb_head_samples_appended_total[$__rate_interval])" },
      }),
      graph({
        title: "Disk",
        about: "Finished blocks and the log before them, and the limit at which the oldest are deleted.",
        unit: "bytes",
        queries: {
          blocks: "prometheus_tsdb_storage_blocks_bytes",
          log: "prometheus_tsdb_wal_storage_size_bytes",
          limit: "prometheus_tsdb_retention_limit_bytes",
        },
      }),
    ],
    "Loki and Tempo": [
      graph({
        title: "Log entries a second",
        about:
          "Taken in, and refused by reason. What came too fast is sent again by the agents until it is taken; what is refused for another reason is lost.",
        unit: "short",
        queries: {
          "taken in": "sum(rate(loki_distributor_lines_received_total[$__rate_interval]))",
          "lost: {{reason}}": `sum by (reason) (rate(${lost}[$__rate_interval]))`,
          "sent again: {{reason}}": `sum by (reason) (rate(${sentAgain}[$__rate_interval]))`,
        },
      }),
      graph({
        title: "Streams",
        about: "Combinations of labels that Loki keeps in memory; it takes 1000 at most.",
        unit: "short",
        queries: { streams: "loki_ingester_memory_streams" },
      }),
      graph({
        title: "Spans a second",
        about: "Taken in, and refused by reason.",
        unit: "short",
        queries: {
          "taken in": "sum(rate(tempo_distributor_spans_received_total[$__rate_interval]))",
          "refused: {{reason}}": "sum by (reason) (rate(tempo_discarded_spans_total[$__rate_interval]))",
        },
      }),
      graph({
        title: "Series made of spans",
        about: "At 5000 the metrics generator makes no new ones, and the service graph misses services.",
        unit: "short",
        queries: { series: "sum(tempo_metrics_generator_registry_active_series)" },
      }),
      graph({
        title: "Requests by status",
        about: "Answered by Loki and Tempo, a second.",
        unit: "reqps",
        queries: {
          "Loki {{status_code}}": "sum by (status_code) (rate(loki_request_duration_seconds_count[$__rate_interval]))",
          "Tempo {{status_code}}":
            "sum by (status_code) (rate(tempo_request_duration_seconds_count[$__rate_interval]))",
        },
      }),
      graph({
        title: "Grafana's requests by status",
        about: "Answered a second.",
        unit: "reqps",
        queries: {
          "{{status_code}}":
            "sum by (status_code) (rate(grafana_http_request_duration_seconds_count[$__rate_interval]))",
        },
      }),
    ],
  },
});
