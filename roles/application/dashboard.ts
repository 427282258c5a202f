import { dashboard, environmentVariable, hostVariable } from "../dashboards/dashboard.ts";
import { graph, stat } from "../dashboards/panels.ts";
import { failedPart, failureRate, requestRate } from "../dashboards/requests.ts";
import { orZero } from "../promql.ts";

const chosen = `environment=~"$environment",host=~"$host"`;
const HIKARI = "the application has a datasource of Hikari's";
const requests = `rate(http_server_requests_seconds_count{${chosen}}[$__rate_interval])`;
const seconds = `rate(http_server_requests_seconds_sum{${chosen}}[$__rate_interval])`;

/** Spring Boot applications by what Micrometer exports: requests, the JVM, pools of threads and of connections. */
export const application = dashboard({
  name: "application",
  title: "Application",
  about:
    "Spring Boot applications: requests, errors, durations, the JVM, pools of threads and of database connections.",
  variables: [environmentVariable(), hostVariable("process_uptime_seconds")],
  rows: {
    Now: [
      stat({
        title: "Requests a second",
        about: "Answered requests, without scrapes and health checks.",
        unit: "reqps",
        width: 6,
        queries: { "{{host}}": requestRate(chosen, "host") },
      }),
      stat({
        title: "Failed requests",
        about: "The part of the last five minutes' requests that was answered with a status of 500 or more.",
        unit: "percentunit",
        width: 6,
        steps: [0.01, 0.05],
        queries: { "{{host}}": failedPart(chosen, "host") },
      }),
      stat({
        title: "Heap in use",
        about: "Of the most that the JVM may take. Near 100 % also after garbage collection: too small, or a leak.",
        unit: "percentunit",
        width: 6,
        steps: [0.8, 0.9],
        queries: {
          "{{host}}": `sum by (host) (jvm_memory_used_bytes{area="heap",${chosen}}) / sum by (host) (jvm_memory_max_bytes{area="heap",${chosen}} > 0)`,
        },
      }),
      stat({
        title: "Up since",
        about: "Time since the application started.",
        unit: "s",
        width: 6,
        queries: { "{{host}}": `process_uptime_seconds{${chosen}}` },
      }),
    ],
    Requests: [
      graph({
        title: "Requests by path",
        about: "Answered requests a second, the ten busiest.",
        unit: "reqps",
        queries: { "{{method}} {{uri}}": `topk(10, sum by (method, uri) (${requests}))` },
      }),
      graph({
        title: "Requests by status",
        about: "Answered requests a second.",
        unit: "reqps",
        queries: { "{{status}}": `sum by (status) (${requests})` },
      }),
      graph({
        title: "Failed requests by path",
        about: "Requests a second that were answered with a status of 500 or more, the ten paths with the most.",
        unit: "reqps",
        queries: { "{{method}} {{uri}}": `topk(10, ${failureRate(chosen, "method, uri")})` },
      }),
      graph({
        title: "Response time: 95th percentile",
        about: "One request in twenty takes longer; a point leads to a trace.",
        emptyUnless: "management.metrics.distribution.percentiles-histogram.http.server.requests is true",
        unit: "s",
        exemplars: true,
        queries: {
          "{{host}}": `histogram_quantile(0.95, sum by (host, le) (rate(http_server_requests_seconds_bucket{${chosen}}[$__rate_interval])))`,
        },
      }),
      graph({
        title: "Response time: mean by path",
        about: "The ten slowest.",
        unit: "s",
        queries: {
          "{{method}} {{uri}}": `topk(10, sum by (method, uri) (${seconds}) / sum by (method, uri) (${requests}))`,
        },
      }),
      graph({
        title: "Response time: longest",
        about: "The slowest request of the last minutes.",
        unit: "s",
        queries: { "{{host}}": `max by (host) (http_server_requests_seconds_max{${chosen}})` },
      }),
    ],
    JVM: [
      graph({
        title: "Heap",
        about: "Falls with each garbage collection: what is left then is what the application holds.",
        unit: "bytes",
        queries: {
          "{{host}} used": `sum by (host) (jvm_memory_used_bytes{area="heap",${chosen}})`,
          "{{host}} at most": `sum by (host) (jvm_memory_max_bytes{area="heap",${chosen}} > 0)`,
        },
      }),
      graph({
        title: "Memory outside the heap",
        about: "Classes, compiled code, buffers. Grows for ever: a leak of class loaders.",
        unit: "bytes",
        queries: { "{{host}} {{id}}": `jvm_memory_used_bytes{area="nonheap",${chosen}}` },
      }),
      graph({
        title: "Time in garbage collection",
        about: "The part of the time in which the application stood still for it.",
        unit: "percentunit",
        queries: {
          "{{host}}": orZero(
            `sum by (host) (rate(jvm_gc_pause_seconds_sum{${chosen}}[$__rate_interval]))`,
            `sum by (host) (process_uptime_seconds{${chosen}})`,
          ),
        },
      }),
      graph({
        title: "Processor",
        about: "Of all cores: the application's own part, and the host's.",
        unit: "percentunit",
        queries: {
          "{{host}} application": `process_cpu_usage{${chosen}}`,
          "{{host}} all": `system_cpu_usage{${chosen}}`,
        },
      }),
      graph({
        title: "Threads by state",
        about: "Many blocked ones wait for each other's locks.",
        unit: "short",
        queries: { "{{host}} {{state}}": `jvm_threads_states_threads{${chosen}}` },
      }),
      graph({
        title: "Log events",
        about: "Written a second, by level.",
        unit: "short",
        queries: { "{{level}}": `sum by (level) (rate(logback_events_total{${chosen}}[$__rate_interval]))` },
      }),
    ],
    Pools: [
      graph({
        title: "Tomcat's threads",
        about: "All busy: requests wait.",
        emptyUnless: "server.tomcat.mbeanregistry.enabled is true",
        unit: "short",
        queries: {
          "{{host}} busy": `tomcat_threads_busy_threads{${chosen}}`,
          "{{host}} at most": `tomcat_threads_config_max_threads{${chosen}}`,
        },
      }),
      graph({
        title: "Executors' threads",
        about: "Of the application's own thread pools: at work, and tasks that wait for one.",
        emptyUnless: "the application has an executor that is a bean, and no virtual threads in its place",
        unit: "short",
        queries: {
          "{{host}} {{name}} active": `executor_active_threads{${chosen}}`,
          "{{host}} {{name}} queued": `executor_queued_tasks{${chosen}}`,
        },
      }),
      graph({
        title: "Database connections",
        about: "Of Hikari's pool. Pending ones above 0: requests wait for a connection.",
        emptyUnless: HIKARI,
        unit: "short",
        queries: {
          "{{host}} {{pool}} active": `hikaricp_connections_active{${chosen}}`,
          "{{host}} {{pool}} pending": `hikaricp_connections_pending{${chosen}}`,
          "{{host}} {{pool}} at most": `hikaricp_connections_max{${chosen}}`,
        },
      }),
      graph({
        title: "Time to get a connection",
        about: "The mean wait for one of Hikari's connections.",
        emptyUnless: HIKARI,
        unit: "s",
        queries: {
          "{{host}} {{pool}}": `rate(hikaricp_connections_acquire_seconds_sum{${chosen}}[$__rate_interval]) / rate(hikaricp_connections_acquire_seconds_count{${chosen}}[$__rate_interval])`,
        },
      }),
      graph({
        title: "Connections that did not come in time",
        about: "A second; each is a failed request. Should be 0.",
        emptyUnless: HIKARI,
        unit: "short",
        queries: { "{{host}} {{pool}}": `rate(hikaricp_connections_timeout_total{${chosen}}[$__rate_interval])` },
      }),
    ],
  },
});
