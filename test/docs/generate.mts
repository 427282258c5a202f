// Writes the pages and tables in docs/ that tests hold to the code: the same tests, told to write.

import { spawnSync } from "node:child_process";
import { typescript } from "../support/program.ts";

const makers = [
  "test/ci/licences.test.ts",
  "test/docs/resources.test.ts",
  "test/roles/grafana/dashboards.test.ts",
  "test/roles/monitoring/budget.test.ts",
];
for (const test of makers) {
  const { status, stdout } = spawnSync(process.execPath, [typescript, test], {
    env: { ...process.env, WRITE: "1" },
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  if (status !== 0) {
    console.error(`${test} does not pass; what it says:\n${stdout}`);
    process.exitCode = 1;
  }
}
