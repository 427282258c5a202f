// Writes the pages and tables in docs/ that tests hold to the code: the same tests, told to write.
import { execFileSync } from "node:child_process";

const makers = [
  "test/docs/resources.test.ts",
  "test/roles/grafana/dashboards.test.ts",
  "test/roles/monitoring/budget.test.ts",
];
for (const test of makers)
  execFileSync(process.execPath, ["--import=tsx", test], {
    env: { ...process.env, WRITE: "1" },
    stdio: ["ignore", "ignore", "inherit"],
  });
