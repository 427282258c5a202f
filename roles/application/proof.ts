import type { Site, VarsOf } from "hostwright";
import { varsOfHost } from "../hosts.ts";
import type { Proof, Sent } from "../proof.ts";
import { askMetricsPath, metricsPathOf, metricsPathProblem } from "./metrics-path.ts";
import { applicationVars } from "./vars.ts";

/** Where the host itself reads the application's metrics. */
export function ownMetricsUrl({
  app_metrics_scheme,
  app_metrics_port,
  app_metrics_path,
}: VarsOf<typeof applicationVars>): string {
  return `${app_metrics_scheme}://127.0.0.1:${app_metrics_port}${app_metrics_path}`;
}

/** Before the application's metrics are waited for, it is asked on its own host whether they are where the vars say. */
export function withMetricsPath(proof: Proof, site: Site): Proof {
  const { name: host } = site.host;
  const vars = varsOfHost(applicationVars, site.host);
  const { app_metrics_known: known, app_service, app_health_timeout: timeoutSeconds } = vars;
  const url = ownMetricsUrl(vars);
  const told = (outcome: "works" | "broken" | "unproven", text: string): Sent => ({
    findings: [{ name: "metrics path", outcome, text }],
    goesOn: outcome !== "unproven",
  });
  return {
    ...proof,
    send: askMetricsPath(url, known, app_service ? { unit: app_service, timeoutSeconds } : undefined),
    sent(said) {
      const problem = metricsPathProblem(metricsPathOf(said), known);
      if (!problem) return told("works", `${url} has ${known}, in a format that Prometheus reads`);
      if (app_service) return told("broken", `${url} on ${host}: ${problem}`);
      return told("unproven", `${url} on ${host}: ${problem}. Is the application there yet? (docs/spring-boot.md)`);
    },
  };
}
