import t from "tap";
import type { Finding, Play } from "../../engine/role/playbook.ts";
import { stage } from "../support/play-run.ts";

const works: Finding = { name: "metrics", outcome: "works", text: "seen" };
const logs: Finding = { name: "logs", outcome: "broken", text: "nothing came", hint: "look" };
const traces: Finding = { name: "traces", outcome: "broken", text: "nothing either", hint: "look" };

/** A play whose proof finds this on host "a", and nothing on others. */
const proving = (...findings: readonly Finding[]): Play => ({
  hosts: "web",
  roles: [],
  proof: async ({ tell }) => {
    for (const finding of findings) tell("a", finding);
  },
});

t.test("a host with broken checks has failed: how many in a line, which as data", async (t) => {
  const { run } = await stage(t, ["a", "b"]);
  t.match(await run.play(proving(works, logs, traces)), { failed: ["a"], ok: ["b"] });
  const [a, b] = await run.finish();
  t.match(a?.failure, { kind: "failed", message: "2 of 3 checks failed", checks: [logs, traces], hint: "look" });
  t.equal(b?.failure, undefined);
});

t.test("what is not proven stands in the recap, and fails nobody", async (t) => {
  const { run } = await stage(t, ["a"]);
  t.match(await run.play(proving(works, { ...logs, outcome: "unproven" })), { ok: ["a"] });
  t.same((await run.finish())[0]?.notes, ["Not proven, a, logs: nothing came"]);
});
