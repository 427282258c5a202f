import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { application } from "./application.ts";
import { host } from "./host.ts";
import { logsDashboard } from "./logs.ts";
import { overview } from "./overview.ts";
import { stack } from "./stack.ts";
import { tracesDashboard } from "./traces.ts";

/** All dashboards, in the order in which people read them. */
export const dashboards: readonly Dashboard[] = [overview, host, application, logsDashboard, tracesDashboard, stack];

/** The JSON of each dashboard by the name of its file. */
export function dashboardFiles(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    dashboards.map((dashboard) => [
      `${dashboard.uid?.replace("hostwright-", "")}.json`,
      `${JSON.stringify(dashboard, null, 2)}\n`,
    ]),
  );
}
