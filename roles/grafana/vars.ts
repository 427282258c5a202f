import { optional, port, secret, string } from "hostwright";
import { imageVar, memoryVar } from "../images.ts";
import { prometheusVars } from "../prometheus/vars.ts";
import { publishVars } from "../publish.ts";
import { runVars } from "../runs/vars.ts";
import { imagePins, reference } from "../versions.ts";
import { alertVars } from "./alert-vars.ts";

export const grafanaVars = {
  ...publishVars,
  grafana_port: port("Where Grafana answers", { default: 80 }),
  grafana_url: optional(
    string("What people type to open Grafana, if it is not this host's address", { format: "page-url" }),
  ),
  grafana_admin_user: string("Grafana's first administrator", { pattern: "^[A-Za-z0-9._@-]+$", default: "admin" }),
  grafana_admin_password: secret("The administrator's password: `!age |`, `!env NAME` or `!file PATH`"),
  grafana_image: imageVar("Grafana", reference(imagePins.grafana)),
  grafana_memory_mb: memoryVar("Grafana"),
  scrape_interval_seconds: prometheusVars.scrape_interval_seconds,
  ...runVars,
  ...alertVars,
};
