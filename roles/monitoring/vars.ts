import { integer, list, oneOf, optional, port, secret, string } from "hostwright";
import { alertVars } from "./alert-vars.ts";
import { gatewayVars } from "./gateway-vars.ts";
import { IMAGE_PATTERN, images } from "./images.ts";
import { storageVars } from "./storage-vars.ts";

/** More is a slip of the finger, or another unit. */
const LARGEST_DISK_GB = 1_000_000;
const LARGEST_MEMORY_MB = 4_194_304;
const TEN_YEARS_DAYS = 3650;

/** How the other hosts reach a host. Both roles have it. */
export const address = optional(
  string("How the other hosts reach this one: a private address or a name. Unset: the address SSH connects to", {
    format: "address",
  }),
);

/** Vars of role monitoring. */
export const monitoringVars = {
  address,
  publish_address: optional(
    string(
      "The host's own address on which Grafana, Loki and OTLP are published; 0.0.0.0 is all. Unset: its private address, as the inventory names it; with a gateway, all",
      { format: "ipv4" },
    ),
  ),

  ...gatewayVars,

  grafana_port: port("Where Grafana answers", { default: 80 }),
  grafana_url: optional(
    string("What people type to open Grafana, if it is not this host's address", { format: "page-url" }),
  ),
  grafana_admin_user: string("Grafana's first administrator", { pattern: "^[A-Za-z0-9._@-]+$", default: "admin" }),
  grafana_admin_password: secret("The administrator's password: `!age |`, `!env NAME` or `!file PATH`"),
  grafana_image: image("Grafana", images.grafana),
  grafana_memory_mb: memory("Grafana"),

  ...alertVars,

  loki_port: port("Where app hosts push logs", { default: 8080 }),
  loki_image: image("Loki", images.loki),
  loki_memory_mb: memory("Loki"),
  loki_retention_hours: optional(
    integer("How long logs are kept; older ones are deleted. Unset: as long as the disk allows, 30 days at most", {
      minimum: 24,
      maximum: TEN_YEARS_DAYS * 24,
    }),
  ),

  otlp_grpc_port: port("Where app hosts send traces, OTLP over gRPC", { default: 443 }),
  otlp_http_port: optional(port("Where app hosts may send traces by OTLP over HTTP; unset: nowhere")),
  tempo_port: port("Tempo's own port, on 127.0.0.1 of the monitoring host only", { default: 3200 }),
  tempo_image: image("Tempo", images.tempo),
  tempo_memory_mb: memory("Tempo"),
  tempo_retention_hours: optional(
    integer("How long traces are kept. Unset: as long as the disk allows, 14 days at most", {
      minimum: 1,
      maximum: TEN_YEARS_DAYS * 24,
    }),
  ),
  tempo_upgrade_confirmed: optional(
    oneOf("Lets Tempo 3 take over the data of Tempo 2, from which there is no way back", ["3"]),
  ),

  prometheus_port: port("Prometheus' own port, on 127.0.0.1 of the monitoring host only", { default: 9090 }),
  prometheus_image: image("Prometheus", images.prometheus),
  prometheus_memory_mb: memory("Prometheus"),
  prometheus_retention_days: integer("How long metrics are kept", { minimum: 1, maximum: TEN_YEARS_DAYS, default: 15 }),
  prometheus_retention_size_mb: optional(
    integer("How much disk metrics may take, whichever limit is reached first. Unset: a share of the disk", {
      minimum: 256,
      maximum: LARGEST_DISK_GB * 1024,
    }),
  ),
  scrape_interval_seconds: integer("How often metrics are read; 5 takes three times the disk and memory of 15", {
    minimum: 1,
    // Prometheus takes what is older than five minutes for gone.
    maximum: 240,
    default: 15,
  }),

  data_disk_gb: optional(
    integer("Disk for metrics, logs and traces together. Unset: three quarters of the whole disk without 8 GB", {
      minimum: 1,
      maximum: LARGEST_DISK_GB,
    }),
  ),
  logs_mb_per_day: integer("How much log text a day to expect of all hosts; decides how long logs are kept", {
    minimum: 1,
    maximum: LARGEST_DISK_GB * 1024,
    default: 512,
  }),
  traces_mb_per_day: integer("How much disk a day's traces are expected to take; decides how long they are kept", {
    minimum: 1,
    maximum: LARGEST_DISK_GB * 1024,
    default: 256,
  }),

  ...storageVars,

  docker_registry_mirrors: list(
    "Mirrors of Docker Hub to pull from first, as URLs",
    string("One mirror", { format: "page-url" }),
    { default: [] },
  ),
  docker_log_max_size: string("A container's log file is rotated at this size", {
    format: "file-size",
    default: "10m",
  }),
  docker_log_max_files: integer("How many log files of a container are kept", {
    minimum: 1,
    maximum: 1000,
    default: 3,
  }),
};

function image(name: string, pinned: string) {
  return string(`Image of ${name}, with a tag that does not move: no "latest", no "grafana-oss"`, {
    pattern: IMAGE_PATTERN,
    default: pinned,
  });
}

function memory(name: string) {
  return optional(
    integer(`Memory limit of ${name}'s container in MB; it gets no swap. Unset: a share of the host's memory`, {
      minimum: 64,
      maximum: LARGEST_MEMORY_MB,
    }),
  );
}
