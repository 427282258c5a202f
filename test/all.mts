/**
 * Runs every test file by tap: two labs take those of the lab in turns, and beside them go all others, two at a time. A test on
 * the lab waits for containers more than it computes, so that on two cores all of them take little more than half their sum.
 */
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { promisify } from "node:util";
import t, { type Test } from "tap";
import { LAB } from "./support/lab.ts";
import { noLab } from "./support/stand.ts";

/** What only one of them has to show is shown on the first: `site` takes that. On the second nothing waits for an emulator. */
const LABS: readonly { readonly HOSTWRIGHT_LAB: string; readonly HOSTWRIGHT_LAB_NATIVE?: string }[] = [
  { HOSTWRIGHT_LAB: String(LAB) },
  { HOSTWRIGHT_LAB: String(LAB + 1), HOSTWRIGHT_LAB_NATIVE: "1" },
];
const run = promisify(execFile);
/** Of a file; one that needs more says so itself. */
const TIMEOUT_MS = 300_000;
/** Of all on one lab; on a machine that has no image of it yet some of them wait for those. */
const LONGEST_MS = 5_000_000;
/** The longest first; `site` begins with a lab that is empty. */
const FIRST = ["site", "gateway-traces", "verify", "first-contact"].map((name) => `test/e2e/${name}.test.ts`);

const files = readdirSync("test", { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".test.ts") && !path.includes("fixtures/"))
  .map((path) => `test/${path}`)
  .sort();
const isOfTheLab = (path: string) => path.startsWith("test/e2e/");
const waiting = [...FIRST, ...files.filter((path) => isOfTheLab(path) && !FIRST.includes(path))];

const runFile = (t: Test, path: string, env: NodeJS.ProcessEnv, buffered: boolean) =>
  t.spawn(
    process.execPath,
    [...process.execArgv, path],
    { env: { ...process.env, ...env }, buffered, timeout: TIMEOUT_MS },
    path,
  );

t.jobs = LABS.length + 2;
t.setTimeout(LONGEST_MS);
for (const own of LABS)
  t.test(`on lab ${own.HOSTWRIGHT_LAB}`, { buffered: true, timeout: LONGEST_MS }, async (t) => {
    const env = { ...own, HOSTWRIGHT_TEST_LAB: own.HOSTWRIGHT_LAB, HOSTWRIGHT_TEST_KEEP: "1" };
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) await runFile(t, path, env, false);
    if (noLab || process.env.HOSTWRIGHT_TEST_KEEP) return;
    await run("npm", ["run", "--silent", "lab", "--", "down"], { env: { ...process.env, ...own } });
  });
for (const path of files) if (!isOfTheLab(path)) runFile(t, path, {}, true);
