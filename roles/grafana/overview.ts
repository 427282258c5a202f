import { dashboard, environmentVariable } from "../dashboards/dashboard.ts";
import { graph, isError, logs, stat } from "../dashboards/panels.ts";
import { failedPart, failureRate, requestRate } from "../dashboards/requests.ts";

const chosen = `environment=~"$environment"`;
const requests = (what: string) => `rate(http_server_requests_seconds_${what}{${chosen}}[$__rate_interval])`;
const disks = `fstype!~"tmpfs|overlay|squashfs|ramfs",${chosen}`;

/** Is anything wrong, and where? The one to start from. */
export const overview = dashboard({
  name: "overview",
  title: "Overview",
  about: "Is anything wrong, and where? Everything here is told in more detail by the other dashboards.",
  variables: [environmentVariable()],
  rows: {
    Now: [
      stat({
        title: "Targets that do not answer",
        about: "Exporters and applications that Prometheus cannot read. Should be 0.",
        unit: "short",
        width: 6,
        steps: [1, 1],
        queries: { down: `count(up{${chosen}} == 0) or vector(0)` },
      }),
      stat({
        title: "Requests a second",
        about: "Requests that the applications answered, all together, without scrapes and health checks.",
        unit: "reqps",
        width: 6,
        queries: { requests: requestRate(chosen, "") },
      }),
      stat({
        title: "Failed requests",
        about: "The part of the last five minutes' requests that was answered with a status of 500 or more.",
        unit: "percentunit",
        width: 6,
        steps: [0.01, 0.05],
        queries: { failed: failedPart(chosen, "") },
      }),
      stat({
        title: "Fullest disk",
        about: "The part of it that is in use, of all file systems of all hosts.",
        unit: "percentunit",
        width: 6,
        steps: [0.75, 0.85],
        queries: { used: `max(1 - node_filesystem_avail_bytes{${disks}} / node_filesystem_size_bytes{${disks}})` },
      }),
    ],
    Applications: [
      graph({
        title: "Requests by environment",
        about: "Answered requests a second.",
        unit: "reqps",
        queries: { "{{environment}}": requestRate(chosen, "environment") },
      }),
      graph({
        title: "Failed requests by environment",
        about: "Requests a second that were answered with a status of 500 or more.",
        unit: "reqps",
        queries: { "{{environment}}": failureRate(chosen, "environment") },
      }),
      graph({
        title: "Mean response time by environment",
        about: "The mean hides slow requests: dashboard Application has the 95th percentile.",
        unit: "s",
        queries: {
          "{{environment}}": `sum by (environment) (${requests("sum")}) / sum by (environment) (${requests("count")})`,
        },
      }),
    ],
    Hosts: [
      graph({
        title: "CPU in use",
        about: "The part of all cores that is not idle.",
        unit: "percentunit",
        queries: {
          "{{host}}": `1 - avg by (host) (rate(node_cpu_seconds_total{mode="idle",${chosen}}[$__rate_interval]))`,
        },
      }),
      graph({
        title: "Memory in use",
        about: "What programs cannot have any more. Above 90 % the kernel may soon kill one.",
        unit: "percentunit",
        queries: {
          "{{host}}": `1 - node_memory_MemAvailable_bytes{${chosen}} / node_memory_MemTotal_bytes{${chosen}}`,
        },
      }),
      graph({
        title: "Disk in use",
        about: "Of each host's fullest file system.",
        unit: "percentunit",
        queries: {
          "{{host}}": `max by (host) (1 - node_filesystem_avail_bytes{${disks}} / node_filesystem_size_bytes{${disks}})`,
        },
      }),
    ],
    Logs: [
      logs({
        title: "Latest errors",
        about: "Log entries of level ERROR and worse. An entry's trace id opens its trace.",
        width: 24,
        query: `{environment=~"$environment", ${isError}}`,
      }),
    ],
  },
});
