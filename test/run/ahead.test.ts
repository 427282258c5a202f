import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { connectLocal } from "../../engine/connection/local.ts";
import type { Facts } from "../../engine/facts/facts.ts";
import type { FactsMemory } from "../../engine/facts/memory.ts";
import type { Host } from "../../engine/inventory/inventory.ts";
import type { Play } from "../../engine/role/playbook.ts";
import { defineRole } from "../../engine/role/role.ts";
import { string } from "../../engine/role/schema.ts";
import { hostFile, type Stage, stage } from "../support/play-run.ts";

const vars = { dir: string("the host's folder") };
const holding = (name: string) => defineRole({ name, vars, resources: (own) => [hostFile(own, name)] });

const plays: readonly Play[] = [
  { name: "look", hosts: "web", asks: async () => undefined },
  { name: "first", hosts: "a", roles: [holding("one")] },
  { name: "again", hosts: "web", asks: async () => undefined },
  { name: "second", hosts: "web", roles: [holding("two")] },
];

/** A host that says whether a run changed it before, whatever this machine would say. */
const saying =
  (changedBefore: boolean) =>
  async ({ name }: Host) => {
    const connection = connectLocal(name);
    return {
      ...connection,
      get stats() {
        return connection.stats;
      },
      exec: async (...given: Parameters<typeof connection.exec>) => {
        const result = await connection.exec(...given);
        const facts = result.stdout.replace("\nchanged_before yes", "");
        return {
          ...result,
          stdout: changedBefore ? facts.replace(/^become_by/m, "changed_before yes\nbecome_by") : facts,
        };
      },
    };
  };

async function converge({ run }: Stage) {
  for (const play of plays) await run.play(play);
  return (await run.finish()).map(({ host, ok, changed, execs, failure }) => ({ host, ok, changed, execs, failure }));
}

async function inSync(t: Test, settings = {}): Promise<Stage> {
  const one = await stage(t, ["a", "b"], { connect: saying(true), plays, ...settings });
  for (const path of ["a/one", "a/two", "b/two"]) writeFileSync(join(one.dir, path), "x", { mode: 0o644 });
  return one;
}

t.test("hosts in sync are asked once for all plays: two execs each, whatever the number of plays", async (t) => {
  t.match(await converge(await inSync(t)), [
    { host: "a", ok: 2, changed: 0, execs: 2 },
    { host: "b", ok: 1, changed: 0, execs: 2 },
  ]);
});

for (const { name, drifted, expected } of [
  {
    name: "once something was changed, on whatever host, the others are asked again in their turn",
    drifted: "a/one",
    // Facts, the look, the change with its proof, and the second play's question.
    expected: [
      { host: "a", ok: 1, changed: 1, execs: 5 },
      { host: "b", ok: 1, changed: 0, execs: 3 },
    ],
  },
  {
    name: "what differs is changed as what was seen before says",
    drifted: "b/two",
    expected: [
      { host: "a", ok: 2, changed: 0, execs: 2 },
      { host: "b", ok: 0, changed: 1, execs: 4 },
    ],
  },
])
  t.test(name, async (t) => {
    const one = await inSync(t);
    writeFileSync(join(one.dir, drifted), "drifted");
    t.match(await converge(one), expected);
  });

t.test("a host that nobody changed yet is not looked at ahead: there all differs", async (t) => {
  const one = await inSync(t, { connect: saying(false) });
  t.match(await converge(one), [{ execs: 3 }, { execs: 2 }]);
});

t.test("a role that cannot be asked yet is asked in its turn, and tells what is wrong there", async (t) => {
  const broken: Play = {
    name: "broken",
    hosts: "a",
    roles: [
      defineRole({
        name: "b",
        vars,
        resources: () => {
          throw new Error("no CA yet");
        },
      }),
    ],
  };
  const one = await inSync(t, { plays: [plays[0], broken, ...plays.slice(1)] });
  t.match(await converge(one), [
    { host: "a", ok: 2, execs: 2, failure: undefined },
    { host: "b", execs: 2 },
  ]);
});

/** Runs once, then again with what the first left of each host's facts, as `differ` says; returns the facts and how to run again. */
async function remembered(t: Test, differ: (facts: Facts) => Facts, settings = {}) {
  const known = new Map<string, Facts>();
  const facts: FactsMemory<Host> = {
    recall: async ({ name }) => known.get(name),
    keep: async ({ name }, found) => void known.set(name, found),
  };
  await converge(await inSync(t, { facts, ...settings }));
  for (const [name, found] of known) known.set(name, differ(found));
  return { known, again: () => inSync(t, { facts, ...settings }) };
}

t.test("hosts whose facts an earlier run left are asked with the very first exec", async (t) => {
  const free = (facts: Facts) => ({ ...facts, disks: { "/": { bytes: facts.disks["/"]?.bytes ?? 0, freeBytes: 1 } } });
  const { known, again } = await remembered(t, free);
  t.match(await converge(await again()), [
    { host: "a", ok: 2, changed: 0, execs: 1 },
    { host: "b", ok: 1, changed: 0, execs: 1 },
  ]);
  const drifted = await again();
  writeFileSync(join(drifted.dir, "b/two"), "drifted");
  t.match(await converge(drifted), [
    { host: "a", ok: 2, changed: 0, execs: 1 },
    { host: "b", ok: 0, changed: 1, execs: 3 },
  ]);
  t.equal(known.get("a")?.disks["/"]?.freeBytes, 1, "what changes from moment to moment is not kept anew");
});

t.test("facts that hold no more cost an exec, and decide nothing", async (t) => {
  const byCpus = defineRole({
    name: "cpus",
    vars,
    resources: (own, { cpus }) => [hostFile(own, "one", cpus === 4096 ? "wrong" : "x")],
  });
  const changed = [plays[0], { name: "first", hosts: "a", roles: [byCpus] }];
  const { known, again } = await remembered(t, (facts) => ({ ...facts, cpus: 4096 }), { plays: changed });
  const run = await again();
  for (const play of changed) if (play) await run.run.play(play);
  t.match(await run.run.finish(), [
    { host: "a", ok: 1, changed: 0, execs: 2 },
    { host: "b", execs: 1 },
  ]);
  t.not(known.get("a")?.cpus, 4096, "those of today are kept");
});

t.test("facts that differ in what no role asks for cost nothing", async (t) => {
  const { known, again } = await remembered(t, (facts) => ({ ...facts, addresses: ["192.0.2.1"], bootId: "before" }));
  t.match(await converge(await again()), [
    { host: "a", ok: 2, execs: 1 },
    { host: "b", ok: 1, execs: 1 },
  ]);
  t.not(known.get("a")?.bootId, "before");
});

t.test("what is no facts at all is as good as none", async (t) => {
  const byOs = defineRole({
    name: "os",
    vars,
    resources: (own, { os }) => [hostFile(own, "one", os.id === "" ? "wrong" : "x")],
  });
  const asked: readonly Play[] = [{ name: "only", hosts: "a", roles: [byOs] }];
  const { again } = await remembered(t, () => JSON.parse("[]"), { plays: asked });
  const { run } = await again();
  for (const play of asked) await run.play(play);
  t.match(await run.finish(), [{ host: "a", changed: 0, failure: undefined, execs: 2 }]);
});
