import { oneOf } from "hostwright";

/** How runs of the site are marked in Grafana. */
export const runVars = {
  run_marks: oneOf(
    "Which runs of the site Grafana shows: those that changed a host or failed, all (a run in which all is in sync asks the monitoring host once more), or none",
    ["changes", "all", "none"],
    { default: "changes" },
  ),
};
