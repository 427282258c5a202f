import { oneOf, string } from "hostwright";
import { loginVars } from "../gateway/login.ts";
import { ROTATED } from "./rotated.ts";

/** What whoever ships the logs has to know: Promtail or Alloy. */
export const logAgentVars = {
  ...loginVars,
  app_logs: string("The application's log files: a folder and one pattern of file names", {
    pattern: "^(/[A-Za-z0-9._@+-]+)+/[^/{}]+$",
    format: "glob",
    default: "/home/ubuntu/fittoring/logs/*.log",
  }),
  app_logs_exclude: string(
    "File names in that folder not to ship: rotated files would be shipped twice. {a,b} is either",
    {
      pattern: "^[^/]+$",
      format: "glob",
      default: ROTATED,
    },
  ),
  log_job: string("Label `job` of the application's logs", {
    pattern: "^[A-Za-z_][A-Za-z0-9_-]*$",
    default: "fittoring_logs",
  }),
  log_agent: oneOf(
    "What ships the logs: Promtail, which reached its end of life on 2026-03-02, or Grafana Alloy",
    ["promtail", "alloy"],
    {
      default: "promtail",
    },
  ),
  log_first_line: string(
    "How the first line of a log entry looks (RE2); lines that do not match belong to the entry before",
    { format: "re2", default: "^\\{|^No mapping for " },
  ),
};
