import type { Inquiry } from "hostwright";
import { appVars } from "../app/vars.ts";
import { groups } from "../hosts.ts";
import { monitoringVars } from "../monitoring/vars.ts";
import { proof } from "./proof.ts";

/** Sends a log entry and traces from each app host, and reads them, and its metrics, back through Grafana. */
export const verification: Inquiry = {
  name: "verify",
  hosts: groups.app,
  needs: appVars,
  reads: [monitoringVars],
  consults: groups.monitoring,
  asks: proof(),
};
