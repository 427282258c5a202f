import type { Dashboard } from "../dashboard.ts";

/** The JSON of each dashboard by the name of its file. */
export function dashboardFiles(dashboards: readonly Dashboard[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    dashboards.map((dashboard) => [
      `${dashboard.uid?.replace("hostwright-", "")}.json`,
      `${JSON.stringify(dashboard, null, 2)}\n`,
    ]),
  );
}
