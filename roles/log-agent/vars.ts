import { oneOf, optional, string, type VarsOf } from "hostwright";
import { loginVars } from "../gateway/login.ts";
import { formats } from "./formats.ts";
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
    "File names in that folder not to ship: rotated files, unless told, which the agent reads once more where it has to. {a,b} is either",
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
  log_format: oneOf(
    "How the application writes its entries: JSON on one line or several, logback's pattern or Spring Boot's, or logfmt. Level, time and trace id are found by it",
    ["json", "logback", "logfmt"],
    { default: "json" },
  ),
  log_first_line: optional(
    string(
      "How the first line of a log entry looks (RE2); lines that do not match belong to the entry before. Unset: as log_format has it",
      { format: "re2" },
    ),
  ),
};

/** How the first line of an entry looks, as RE2. */
export function firstLineOf({
  log_first_line,
  log_format,
}: Pick<VarsOf<typeof logAgentVars>, "log_first_line" | "log_format">): string {
  return log_first_line ?? formats[log_format].firstLine;
}
