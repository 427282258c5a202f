import t from "tap";
import { ConnectionError } from "../../engine/connection/connection.ts";
import { connectLocal } from "../../engine/connection/local.ts";
import type { Finding, Inquiry } from "../../engine/role/playbook.ts";
import { defineRole } from "../../engine/role/role.ts";
import { string } from "../../engine/role/schema.ts";
import { mark, stage } from "../support/play-run.ts";

const works: Finding = { name: "metrics", outcome: "works", text: "seen" };
const logs: Finding = { name: "logs", outcome: "broken", text: "nothing came", hint: "look" };
const traces: Finding = { name: "traces", outcome: "broken", text: "nothing either", hint: "look" };

/** A play whose proof finds this on host "a", and nothing on others. */
const proving = (...findings: readonly Finding[]): Inquiry => ({
  hosts: "web",
  asks: async ({ tell }) => {
    for (const finding of findings) tell("a", finding);
    return undefined;
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

/** Leaves marks of what its vars are. */
const saying = defineRole({
  name: "saying",
  vars: { dir: string("A folder"), found: string("What was found"), told: string("What was told") },
  resources: ({ dir, found, told }) => [mark(dir, found), mark(dir, told)],
});

t.test(
  "what an inquiry learns is a var of the plays behind it: it wins over the inventory, and loses to -e",
  async (t) => {
    const { run, marks } = await stage(t, ["a"], { extraVars: ["told=by-hand"] });
    const learns: Inquiry = { hosts: "web", asks: async () => ({ found: "found", told: "found" }) };
    await run.play(learns);
    await run.play({ hosts: "web", roles: [saying] });
    t.same(marks(), ["found", "by-hand"]);
  },
);

t.test("a host that cannot be reached has failed before the others are asked", async (t) => {
  const connect = async ({ name }: { readonly name: string }) => {
    if (name === "b") throw new ConnectionError("auth", "b", "b: no key");
    return connectLocal(name);
  };
  const { run } = await stage(t, ["a", "b"], { connect });
  const asked: string[] = [];
  const asks: Inquiry["asks"] = async ({ sites }) => {
    asked.push(...sites.map(({ host }) => host.name));
    return undefined;
  };
  t.match(await run.play({ hosts: "web", asks }), { ok: ["a"], unreachable: ["b"] });
  t.same(asked, ["a"]);
});

t.test("check mode asks nothing, since an inquiry may send", async (t) => {
  const { run } = await stage(t, ["a"], { check: true });
  await run.play({ hosts: "web", asks: async () => t.fail("asked") as never });
  t.match(await run.finish(), [{ host: "a" }]);
});
