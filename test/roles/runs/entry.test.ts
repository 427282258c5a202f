import type { RunSummary } from "hostwright";
import t from "tap";
import { entryOf, outcomeOf } from "../../../roles/runs/entry.ts";

const run = (...hosts: RunSummary["hosts"]): RunSummary => {
  return {
    run: "1a2b3c4d",
    operator: "kim",
    playbook: "playbooks/site.mts",
    commit: "c0ffee0",
    durationMs: 12_345,
    hosts,
  };
};
const host = (name: string, changed: readonly string[] = [], message?: string) => ({
  name,
  changed,
  failure: message === undefined ? undefined : { kind: "failed", message },
});

t.test("a run that changed something says by whom, and what on each host; who was in sync is not named", async (t) => {
  const names = ["a", "b", "c", "d", "e", "f", "g"].map((name) => `file /${name}`);
  t.same(entryOf(run(host("mon"), host("app-dev", names.slice(0, 2)), host("app-prod", names))), {
    labels: { job: "hostwright", playbook: "playbooks/site.mts", outcome: "changed" },
    line: [
      "playbooks/site.mts by kim at c0ffee0: changed, 12.3 s, run 1a2b3c4d",
      "app-dev: 2 changed: file /a, file /b",
      "app-prod: 7 changed: file /a, file /b, file /c, file /d, file /e and 2 more",
    ].join("\n"),
    metadata: { run: "1a2b3c4d", operator: "kim", commit: "c0ffee0", duration_seconds: "12.3", changes: "9" },
  });
});

t.test("a run in which a host failed has failed, whatever it changed; a long reason is cut", async (t) => {
  const { labels, line } = entryOf(run(host("mon", ["unit x"]), host("app", ["unit y"], "z".repeat(400))));
  t.equal(labels.outcome, "failed");
  t.match(line, /\nmon: 1 changed: unit x\napp: failed: z{300}…; 1 changed: unit y$/);
});

t.test("a run without a change or a failure was in sync, and outside a checkout there is no commit", async (t) => {
  t.equal(outcomeOf(run(host("mon"))), "in_sync");
  const { line } = entryOf({ ...run(host("mon")), commit: "" });
  t.equal(line, "playbooks/site.mts by kim: in sync, 12.3 s, run 1a2b3c4d");
});
