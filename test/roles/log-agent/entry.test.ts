import t from "tap";
import { logEntry } from "../../../roles/log-agent/entry.ts";

const logVars = {
  app_logs: "/srv/logs/*.log",
  app_logs_exclude: "*-[0-9][0-9]-[0-9][0-9]*.log",
  app_user: "ubuntu",
  log_format: "json",
  log_first_line: undefined,
} as const;

t.test("the entry has a file of its own, which the agent reads and the application does not write", async (t) => {
  const entry = logEntry(logVars, "abc", "1f");
  if (typeof entry === "string") return t.fail(entry);
  t.equal(entry.path, "/srv/logs/hostwright-verify-abc.log");
  t.match(JSON.parse(entry.text), { event: "hostwright-verify", message: "proof abc", traceId: "1f" });
  t.equal(entry.text.split("\n").filter((line) => /^\{|^No mapping for /.test(line)).length, 1);
});

t.test("an entry follows log_first_line; where there is no room for a file, that is said", async (t) => {
  t.match(logEntry({ ...logVars, log_first_line: "^No mapping for " }, "abc", "1f"), {
    text: /^No mapping for .*\n\tat /,
  });
  t.match(logEntry({ ...logVars, log_first_line: "^\\d{4}-" }, "abc", "1f"), { text: /^\d{4}-.*\n\tat / });
  t.match(logEntry({ ...logVars, log_first_line: "(?i)^NO \\pLapping" }, "abc", "1f"), { text: /^No mapping/ });
  t.match(logEntry({ ...logVars, log_format: "logback" }, "abc", "1f"), { text: /^\d{4}-.* INFO .*\n\tat / });
  t.match(logEntry({ ...logVars, log_format: "logfmt" }, "abc", "1f"), { text: /^time=.* level=info .*\n\tat / });
  t.match(logEntry({ ...logVars, log_first_line: "^never$" }, "abc", "1f"), /log_first_line/);
  t.match(logEntry({ ...logVars, app_logs: "/srv/logs/app.log" }, "abc", "1f"), /not written to/);
  t.match(logEntry({ ...logVars, app_logs_exclude: "*verify*" }, "abc", "1f"), /leaves out/);
});
