/** Metrics that one program exports: its own labels by the metric's name. */
export interface MetricSource {
  /** Which program, and where its names were looked up. */
  readonly from: string;
  readonly metrics: Readonly<Record<string, readonly string[]>>;
}

const HISTOGRAM = ["le"];
const REQUEST = ["method", "uri", "status", "outcome", "exception", "error"];
const SPAN = ["service", "span_name", "span_kind", "status_code", "deployment_environment", "outcome", "source"];
const EDGE = ["client", "server", "connection_type", "deployment_environment", "outcome", "source"];

/** Every metric that dashboards and alert rules use. What Prometheus adds to each is in `targetLabels`. */
export const metricSources: readonly MetricSource[] = [
  {
    from: "Prometheus itself, for each target (read from the lab's 2.53)",
    metrics: { up: [], scrape_duration_seconds: [] },
  },
  {
    from: "node_exporter 1.9 with its default collectors (read from the lab's 1.9.0)",
    metrics: {
      node_uname_info: ["machine", "nodename", "release", "sysname", "version", "domainname"],
      node_time_seconds: [],
      node_boot_time_seconds: [],
      node_cpu_seconds_total: ["cpu", "mode"],
      node_load1: [],
      node_load5: [],
      node_memory_MemAvailable_bytes: [],
      node_memory_MemTotal_bytes: [],
      node_memory_SwapTotal_bytes: [],
      node_memory_SwapFree_bytes: [],
      node_vmstat_oom_kill: [],
      node_filesystem_avail_bytes: ["device", "fstype", "mountpoint"],
      node_filesystem_size_bytes: ["device", "fstype", "mountpoint"],
      node_filesystem_files: ["device", "fstype", "mountpoint"],
      node_filesystem_files_free: ["device", "fstype", "mountpoint"],
      node_disk_read_bytes_total: ["device"],
      node_disk_written_bytes_total: ["device"],
      node_disk_io_time_seconds_total: ["device"],
      node_filefd_allocated: [],
      node_filefd_maximum: [],
      node_network_receive_bytes_total: ["device"],
      node_network_transmit_bytes_total: ["device"],
      node_timex_offset_seconds: [],
    },
  },
  {
    from: "Micrometer in Spring Boot 3 and 4 (from its documentation; the lab's application has a few of them)",
    metrics: {
      http_server_requests_seconds_count: REQUEST,
      http_server_requests_seconds_sum: REQUEST,
      http_server_requests_seconds_max: REQUEST,
      // With management.metrics.distribution.percentiles-histogram.http.server.requests=true.
      http_server_requests_seconds_bucket: [...REQUEST, ...HISTOGRAM],
      jvm_memory_used_bytes: ["area", "id"],
      jvm_memory_max_bytes: ["area", "id"],
      jvm_gc_pause_seconds_sum: ["action", "cause", "gc"],
      jvm_threads_states_threads: ["state"],
      process_cpu_usage: [],
      process_uptime_seconds: [],
      system_cpu_usage: [],
      logback_events_total: ["level"],
      // With server.tomcat.mbeanregistry.enabled=true.
      tomcat_threads_busy_threads: ["name"],
      tomcat_threads_config_max_threads: ["name"],
      executor_active_threads: ["name"],
      executor_queued_tasks: ["name"],
      hikaricp_connections_active: ["pool"],
      hikaricp_connections_pending: ["pool"],
      hikaricp_connections_max: ["pool"],
      hikaricp_connections_acquire_seconds_sum: ["pool"],
      hikaricp_connections_acquire_seconds_count: ["pool"],
      hikaricp_connections_timeout_total: ["pool"],
    },
  },
  {
    from: "Tempo's metrics generator, processors span-metrics and service-graphs (from its documentation)",
    metrics: {
      traces_spanmetrics_calls_total: SPAN,
      traces_spanmetrics_latency_bucket: [...SPAN, ...HISTOGRAM],
      traces_service_graph_request_total: EDGE,
      traces_service_graph_request_failed_total: EDGE,
      traces_service_graph_request_server_seconds_bucket: [...EDGE, ...HISTOGRAM],
    },
  },
  {
    from: "Prometheus about itself (read from the lab's 2.53)",
    metrics: {
      prometheus_config_last_reload_successful: [],
      prometheus_tsdb_head_series: [],
      prometheus_tsdb_head_samples_appended_total: ["type"],
      prometheus_tsdb_storage_blocks_bytes: [],
      prometheus_tsdb_wal_storage_size_bytes: [],
      prometheus_tsdb_retention_limit_bytes: [],
    },
  },
  {
    from: "Every program of the stack, by Go's client library (read from the lab's Prometheus); the start time is Micrometer's too",
    metrics: { process_resident_memory_bytes: [], process_cpu_seconds_total: [], process_start_time_seconds: [] },
  },
  {
    from: "Loki about itself (from its documentation and mixin)",
    metrics: {
      loki_distributor_lines_received_total: ["tenant"],
      loki_discarded_samples_total: ["tenant", "reason"],
      loki_ingester_memory_streams: ["tenant"],
      loki_request_duration_seconds_count: ["method", "route", "status_code", "ws"],
    },
  },
  {
    from: "Tempo about itself (from its documentation and mixin)",
    metrics: {
      tempo_distributor_spans_received_total: ["tenant"],
      tempo_discarded_spans_total: ["tenant", "reason"],
      tempo_metrics_generator_registry_active_series: ["tenant"],
      tempo_request_duration_seconds_count: ["method", "route", "status_code", "ws"],
    },
  },
  {
    from: "Grafana about itself (from its documentation)",
    metrics: { grafana_http_request_duration_seconds_count: ["handler", "method", "status_code"] },
  },
];

/** What Prometheus adds: environment and host are the role's, in targets/. */
export const targetLabels = ["job", "instance", "environment", "host"] as const;

/** Labels of log streams: the role gives Promtail all but `filename`, and entries about runs the last two. */
export const logLabels = ["environment", "host", "job", "level", "filename", "outcome", "playbook"] as const;
