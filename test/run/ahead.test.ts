import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { connectLocal } from "../../engine/connection/local.ts";
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
      { host: "a", ok: 1, changed: 1, execs: 4 },
      { host: "b", ok: 1, changed: 0, execs: 3 },
    ],
  },
  {
    name: "what differs is changed as what was seen before says",
    drifted: "b/two",
    expected: [
      { host: "a", ok: 2, changed: 0, execs: 2 },
      { host: "b", ok: 0, changed: 1, execs: 3 },
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
