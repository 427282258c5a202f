import { appendFileSync, existsSync, readFileSync } from "node:fs";
import t from "tap";
import { type Connection, ConnectionError, type ConnectionFailure } from "../../engine/connection/connection.ts";
import { defineRole } from "../../engine/role/role.ts";
import { string } from "../../engine/role/schema.ts";
import { sh } from "../../engine/shell/sh.ts";
import { intercepted } from "../support/intercepted.ts";
import { hostFile, stage } from "../support/play-run.ts";

const vars = { dir: string("a folder") };

/** One file, and a handler that writes down each time it runs. */
const role = defineRole({
  name: "web",
  vars,
  resources: ({ dir }) => [hostFile({ dir }, "f", "x", { notify: ["restart"] })],
  handlers: ({ dir }) => ({ restart: sh`echo ran >>${`${dir}/ran`}` }),
});
const play = { hosts: "web", roles: [role] };

/** A way to this machine on which the answer of the exec of this number is lost, and after which connecting fails so. */
function cutting(at: number, then: readonly ConnectionFailure[] = []) {
  const failures = [...then];
  let isCut = false;
  return async ({ name }: { name: string }): Promise<Connection> => {
    const failure = isCut ? failures.shift() : undefined;
    if (failure) throw new ConnectionError(failure, name, `${name}: ${failure}`);
    return intercepted(name, async (number, run) => {
      const result = await run();
      if (number !== at || isCut) return result;
      isCut = true;
      throw new ConnectionError("lost", name, `${name}: the connection was lost`);
    });
  };
}

// Facts, the look, the lock, the change, the handler: the lock's own answer comes last.
const LOOK = 1;
const CHANGE = 3;
const HANDLER = 4;

for (const { at, what, recovered } of [
  { at: LOOK, what: "a look", recovered: undefined },
  { at: CHANGE, what: "a change", recovered: { resources: [/^file .*\/f$/], handlers: [] } },
  { at: HANDLER, what: "a handler", recovered: { resources: [], handlers: ["restart"] } },
])
  t.test(`the answer of ${what} is lost: nothing is done twice, and what was done is told`, async (t) => {
    const { dir, run, events } = await stage(t, ["a"], { connect: cutting(at) });
    t.match(await run.play(play), { changed: ["a"] });
    t.equal(readFileSync(`${dir}/a/ran`, "utf8"), "ran\n");
    const told = events.find(({ kind }) => kind === "recovered");
    t.match(told, recovered ?? undefined);
    t.equal(told === undefined, recovered === undefined);
    t.match(await run.finish(), [{ changed: 1, ok: 0, skipped: 0, handlers: ["restart"], failure: undefined }]);
  });

t.test("a host that boots is waited for: it refuses, is silent, and lets nobody in yet", async (t) => {
  const connect = cutting(CHANGE, ["refused", "timeout", "auth"]);
  const { run, events } = await stage(t, ["a"], { connect });
  t.match(await run.play(play), { changed: ["a"] });
  const waits = events.flatMap((event) => (event.kind === "retrying" ? [event.inMs] : []));
  t.same(waits, [0, 1000, 2000, 4000]);
});

t.test("it is waited for as long as was asked, or not at all", async (t) => {
  const ever = Array.from({ length: 9 }, () => "refused" as const);
  for (const { reconnectSeconds, waits } of [
    { reconnectSeconds: 0, waits: [] },
    { reconnectSeconds: 2, waits: [0, 1000] },
  ]) {
    const { run, events } = await stage(t, ["a"], { connect: cutting(CHANGE, ever), reconnectSeconds });
    t.match(await run.play(play), { unreachable: ["a"] });
    t.same(
      events.flatMap((event) => (event.kind === "retrying" ? [event.inMs] : [])),
      waits,
    );
  }
});

t.test("a host that never comes back keeps what was counted of it", async (t) => {
  const ever = Array.from({ length: 9 }, () => "refused" as const);
  const { run } = await stage(t, ["a"], { connect: cutting(HANDLER, ever), reconnectSeconds: 1 });
  t.match(await run.play(play), { unreachable: ["a"] });
  t.match(await run.finish(), [{ ok: 0, changed: 1, skipped: 0, failure: { kind: "unreachable" } }]);
});

t.test("another key than before is not waited for", async (t) => {
  const { run, events } = await stage(t, ["a"], { connect: cutting(CHANGE, ["host-key-changed"]) });
  t.match(await run.play(play), { unreachable: ["a"] });
  t.equal(events.filter(({ kind }) => kind === "retrying").length, 1);
});

t.test("a journal that a broken disk left is no answer, and no failure", async (t) => {
  const { dir, run } = await stage(t, ["a"], { connect: cutting(HANDLER) });
  await run.play({
    hosts: "web",
    roles: [defineRole({ name: "first", vars, resources: ({ dir }) => [hostFile({ dir }, "g")] })],
  });
  const journal = `${dir}/log/journal.jsonl`;
  t.ok(existsSync(journal));
  appendFileSync(journal, '{"run":"r1","resource":\n"run":"r1"\n{"run":"r1","handler":7}\n[1,"run":"r1"]\nnull\n');
  t.match(await run.play(play), { changed: ["a"] });
  t.match(await run.finish(), [{ failure: undefined }]);
});
