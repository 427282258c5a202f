import { dashboard, environmentVariable, hostVariable, textVariable } from "../dashboards/dashboard.ts";
import { isError, logGraph, logs } from "../dashboards/panels.ts";

const chosen = `environment=~"$environment", host=~"$host"`;
const levels = (which: string) => `sum by (level) (count_over_time({${chosen}, ${which}}[$__auto]))`;
const found = `{${chosen}} |~ \`(?i)$search\``;

/** What the applications wrote. */
export const logsDashboard = dashboard({
  name: "logs",
  title: "Logs",
  about: "What the applications wrote, by environment, host and level. An entry's trace id opens its trace.",
  variables: [
    environmentVariable(".+"),
    hostVariable("up", ".+"),
    textVariable("search", "Search (regular expression)"),
  ],
  rows: {
    "How much": [
      logGraph({
        title: "Entries by host",
        about: "Counted over each step. A host that falls to nothing has stopped, or its log agent has.",
        legend: "{{environment}} {{host}}",
        query: `sum by (environment, host) (count_over_time({${chosen}}[$__auto]))`,
      }),
      logGraph({
        title: "Entries by level",
        about: "Entries that say no level are counted as none.",
        legend: "{{level}}",
        query: `${levels('level!=""')} or label_replace(${levels('level=""')}, "level", "none", "", "")`,
      }),
      logGraph({
        title: "Entries that match the search",
        about: "How often what is searched for was written.",
        legend: "{{host}}",
        query: `sum by (host) (count_over_time(${found} [$__auto]))`,
      }),
    ],
    Entries: [
      logs({
        title: "Errors",
        about: "Entries of level ERROR and worse that match the search.",
        width: 24,
        query: `{${chosen}, ${isError}} |~ \`(?i)$search\``,
      }),
      logs({
        title: "All",
        about: "Everything that matches the search, newest first.",
        width: 24,
        query: found,
      }),
    ],
  },
});
