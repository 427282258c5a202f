// Asks npm's registry for known vulnerabilities of what runs in production. Ends with 1 where there is one of high or critical severity;
// a registry that has no answer, as many mirrors have none, is said and is no failure.
import { spawnSync } from "node:child_process";

const { stdout, stderr } = spawnSync("npm", ["audit", "--omit=dev", "--json"], { encoding: "utf8" });
const report = parse(stdout);
if (report?.vulnerabilities === undefined) {
  const why = report?.message ?? report?.error?.summary ?? stderr.trim();
  console.log(
    `audit: not made, the registry has no answer (${why}): ask again where registry.npmjs.org can be reached`,
  );
} else {
  const found = Object.values(report.vulnerabilities);
  const serious = found.filter(({ severity }) => severity === "high" || severity === "critical");
  for (const one of found) console.log(`audit: ${one.name}: ${one.severity}: ${reasons(one)}`);
  console.log(`audit: ${found.length} packages with known vulnerabilities, ${serious.length} of them high or critical`);
  if (serious.length > 0) process.exitCode = 1;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A package is also named for what it depends on: by name then. */
function reasons({ via }) {
  return via.map((one) => (typeof one === "string" ? `by ${one}` : `${one.title} (${one.url})`)).join(", ");
}
