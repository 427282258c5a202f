import { dashboard } from "../dashboards/dashboard.ts";
import { logGraph, logStat, logs } from "../dashboards/panels.ts";
import { RUNS } from "./labels.ts";

const seconds = `{${RUNS}} | unwrap duration_seconds`;
const changes = `{${RUNS}} | unwrap changes`;

/** What was changed on hosts by runs, by whom, and how it ended. */
export const runsDashboard = dashboard({
  name: "runs",
  title: "Runs",
  about:
    "Runs that changed a host or failed: how they ended, how long they took, what they changed. All dashboards mark them. Var run_marks decides which runs are here.",
  from: "now-7d",
  variables: [],
  rows: {
    "In the chosen time": [
      logStat({
        title: "Runs",
        about: "As far as Grafana is told of them.",
        unit: "short",
        query: `sum(count_over_time({${RUNS}}[$__range])) or vector(0)`,
      }),
      logStat({
        title: "Failed runs",
        about: "A host could not be reached, was locked by somebody else, or a resource, handler or proof failed.",
        unit: "short",
        steps: [1, 1],
        query: `sum(count_over_time({${RUNS}, outcome="failed"}[$__range])) or vector(0)`,
      }),
      logStat({
        title: "Longest run",
        about: "From the first connection to the last answer.",
        unit: "s",
        query: `max(max_over_time(${seconds} [$__range]))`,
      }),
    ],
    "Over time": [
      logGraph({
        title: "Runs by outcome",
        about: "Counted over each step.",
        legend: "{{outcome}}",
        query: `sum by (outcome) (count_over_time({${RUNS}}[$__auto]))`,
      }),
      logGraph({
        title: "Duration",
        about: "Of the longest run of each step.",
        unit: "s",
        legend: "{{playbook}}",
        query: `max by (playbook) (max_over_time(${seconds} [$__auto]))`,
      }),
      logGraph({
        title: "Resources changed",
        about: "On all hosts together.",
        legend: "{{playbook}}",
        query: `sum by (playbook) (sum_over_time(${changes} [$__auto]))`,
      }),
    ],
    Runs: [
      logs({
        title: "Failed",
        about: "With the reason, by host.",
        emptyUnless: "a run failed",
        width: 24,
        query: `{${RUNS}, outcome="failed"}`,
      }),
      logs({
        title: "All",
        about: "By whom, at which commit, and what was changed on each host; playbooks/history.mts tells all of it.",
        width: 24,
        query: `{${RUNS}}`,
      }),
    ],
  },
});
