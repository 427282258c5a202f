import { integer, optional, port, secret, string } from "hostwright";
import { imageVar, memoryVar } from "../images.ts";
import { imagePins, reference } from "../versions.ts";

export const prometheusVars = {
  prometheus_port: port("Prometheus' own port, on 127.0.0.1 of the monitoring host only", { default: 9090 }),
  prometheus_image: imageVar("Prometheus", reference(imagePins.prometheus)),
  prometheus_memory_mb: memoryVar("Prometheus"),
  prometheus_retention_days: integer("How long metrics are kept", { minimum: 1, maximum: 3650, default: 15 }),
  prometheus_retention_size_mb: optional(
    integer("How much disk metrics may take, whichever limit is reached first. Unset: a share of the disk", {
      minimum: 256,
      maximum: 1_000_000 * 1024,
    }),
  ),
  scrape_interval_seconds: integer("How often metrics are read; 5 takes three times the disk and memory of 15", {
    minimum: 1,
    // Prometheus takes what is older than five minutes for gone.
    maximum: 240,
    default: 15,
  }),
  prometheus_remote_write_url: optional(
    string("Where Prometheus sends all metrics as well, by remote write", { format: "url" }),
  ),
  prometheus_remote_write_user: optional(string("User there, by basic authentication")),
  prometheus_remote_write_password: optional(secret("Password there")),
};
