import t from "tap";
import { globMatches } from "../../../engine/index.ts";
import { ROTATED } from "../../../roles/log-agent/rotated.ts";

/** Names as logback, log4j2 and logrotate make them, and archives of them. */
const rotated = [
  "app-2026-11-25.log",
  "app.2026-11-25.log",
  "app_2026-11-25.log",
  "app-2026-11-25.0.log",
  "app-2026-11-25-1.log",
  "app.2026-11-25_10.log",
  "app.2026-11-25T10-15-00.log",
  "app.2026-11.log",
  "app-2026-47.log",
  "app_2026_11_25.log",
  "app.2026.11.25.log",
  "app-11-25-2026-1.log",
  "app.25.11.2026.log",
  "app-20261125.log",
  "app20261125.log",
  "app-2026112510.log",
  "app.20261125-101500.123456.log",
  "app.1.log",
  "app.12.log",
  "app.001.log",
  "app.log.1",
  "app.log.12",
  "app.log.2026-11-25",
  "app.log-20261125",
  "app.log.1.gz",
  "app.log.gz",
  "app.zip",
  "app.log-20261125.xz",
];

const live = [
  "app.log",
  "access.log",
  "app-prod.log",
  "app2.log",
  "api-v2.log",
  "api-1.2.log",
  "2024-report.log",
  "app-8080.log",
  "worker-1.log",
  "ip-10-0-12-13.log",
  "ip-172-20-10-12.log",
  "10.20.30.40.log",
  "hs_err_pid12345.log",
  "application.json.log",
];

t.test("rotated files are left out, whatever rotates them", async (t) => {
  for (const name of rotated) t.ok(globMatches(ROTATED, name), name);
});

t.test("files that are written to are shipped", async (t) => {
  for (const name of live) t.notOk(globMatches(ROTATED, name), name);
});
