import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { type Connection, ConnectionError } from "../../engine/connection/connection.ts";
import { command } from "../../engine/resource/command.ts";
import { onHost, type Play, runOnce } from "../../engine/role/playbook.ts";
import { defineRole } from "../../engine/role/role.ts";
import { string } from "../../engine/role/schema.ts";
import { DeadlineError } from "../../engine/run/interrupt.ts";
import { sh } from "../../engine/shell/sh.ts";
import { intercepted } from "../support/intercepted.ts";
import { hostFile, mark, stage } from "../support/play-run.ts";

const vars = { dir: string("the host's folder") };

/** Leaves a mark and a file on each host; fails where a file named "broken" is. */
const app = defineRole({
  name: "app",
  vars,
  resources: ({ dir }, _facts, site) => [
    mark(dir, site.host.name),
    command({ name: "not broken", run: sh`echo broken >&2; exit 1`, unless: sh`[ ! -e ${join(dir, "broken")} ]` }),
    hostFile({ dir }, "deployed"),
  ],
});

const web: Play = { hosts: "web", roles: [app] };
const healthy = (name: string) => (site: { readonly host: { readonly vars: Readonly<Record<string, unknown>> } }) => [
  command({
    name,
    run: sh`echo ${name} >&2; exit 1`,
    unless: sh`[ ! -e ${join(String(site.host.vars.dir), "sick")} ]`,
  }),
];

t.test("one host's failure hides no other's", async (t) => {
  const { dir, run } = await stage(t, ["a", "b", "c"]);
  writeFileSync(join(dir, "b", "broken"), "");
  t.same(await run.play(web), { ok: [], changed: ["a", "c"], failed: ["b"], unreachable: [], skipped: [] });
  const results = await run.finish();
  t.match(
    results.map(({ host, ok, changed, skipped }) => [host, ok, changed, skipped]),
    [
      ["a", 1, 2, 0],
      ["b", 0, 1, 1],
      ["c", 1, 2, 0],
    ],
  );
  t.match(results[1]?.failure, {
    kind: "failed",
    step: { id: "not broken", place: { file: "test/run/play.test.ts", line: Number } },
    stderr: "broken",
  });
});

t.test("serial 1 with a health gate that fails on the first host leaves the second untouched", async (t) => {
  const { dir, run, events, marks } = await stage(t, ["a", "b"]);
  writeFileSync(join(dir, "a", "sick"), "");
  const result = await run.play({ ...web, serial: 1, after: healthy("answers") });
  t.match(result, { failed: ["a"], skipped: ["b"] });
  t.same(marks(), ["a"]);
  t.match(
    events.find(({ kind }) => kind === "stopped"),
    { reason: "all of a batch failed: 1 of 1 hosts failed", hosts: ["b"] },
  );
});

t.test("a gate before a play keeps a host from being changed at all", async (t) => {
  const { dir, run, marks } = await stage(t, ["a"]);
  writeFileSync(join(dir, "a", "sick"), "");
  t.match(await run.play({ ...web, before: healthy("drained") }), { failed: ["a"] });
  t.same(marks(), []);
  const [result] = await run.finish();
  t.match(result?.failure, {
    message: "not ready to be changed: command drained",
    found: "unless exit 1",
    expected: "unless exit 0",
  });
});

t.test("serial counts hosts, shares and lists", async (t) => {
  const { run, marks } = await stage(t, ["a", "b", "c", "d"]);
  await run.play({ ...web, serial: [1, "50%"] });
  t.same(marks(), ["a", "b", "c", "d"]);
});

t.test("anyErrorsFatal and maxFailPercentage stop the run, not only the play", async (t) => {
  for (const careful of [{ anyErrorsFatal: true }, { maxFailPercentage: 40 }]) {
    const { dir, run } = await stage(t, ["a", "b", "c"]);
    writeFileSync(join(dir, "a", "broken"), "");
    const first = await run.play({ ...web, serial: 2, ...careful });
    t.match(first, { failed: ["a"], changed: ["b"], skipped: ["c"] });
    t.match(await run.play(web), { changed: [], ok: [], skipped: ["b", "c"] });
  }
});

t.test("maxFailPercentage tolerates what it says", async (t) => {
  const { dir, run } = await stage(t, ["a", "b", "c"]);
  writeFileSync(join(dir, "a", "broken"), "");
  t.match(await run.play({ ...web, serial: 2, maxFailPercentage: 50 }), { failed: ["a"], changed: ["b", "c"] });
});

t.test("a failed host is left out of later plays, and a rescue play forgives it", async (t) => {
  const { dir, run, marks } = await stage(t, ["a"]);
  writeFileSync(join(dir, "a", "broken"), "");
  await run.play(web);
  t.match(await run.play(web), { ok: [], changed: [], failed: [] });
  const mend = defineRole({ name: "mend", vars, resources: (values) => [mark(values.dir, "mended")] });
  rmSync(join(dir, "a", "broken"));
  t.match(await run.play({ hosts: "web", roles: [mend], rescue: true }), { changed: ["a"] });
  t.match(await run.play(web), { changed: ["a"] });
  t.same(marks(), ["a", "mended"]);
});

t.test("runOnce is for the first host of the play, onHost for another", async (t) => {
  const { dir, run, marks } = await stage(t, ["a", "b"]);
  const role = defineRole({
    name: "deploy",
    vars,
    resources: (values, _facts, site) => [
      ...runOnce(site, () => [mark(values.dir, "migrate")]),
      hostFile(values, "one"),
      ...onHost("b", [hostFile({ dir: join(dir, "b") }, `drained-for-${site.host.name}`)]),
      mark(values.dir, site.host.name),
    ],
  });
  t.match(await run.play({ hosts: "web", roles: [role] }), { changed: ["a", "b"] });
  t.same(marks(), ["migrate", "a", "b"]);
  for (const name of ["a", "b"]) t.ok(existsSync(join(dir, "b", `drained-for-${name}`)));
});

t.test(
  "what fails on another host says on which, in its events and its result; what comes later is the host's own",
  async (t) => {
    const { dir, run, events } = await stage(t, ["a", "b"]);
    const sick = (name: string) => command({ name, run: sh`exit 1`, unless: sh`[ ! -e ${join(dir, "sick")} ]` });
    const role = defineRole({
      name: "roundabout",
      vars,
      resources: () => [...onHost("b", [sick("there")]), sick("here")],
    });
    const play: Play = { hosts: "a", roles: [role], rescue: true };
    writeFileSync(join(dir, "sick"), "");
    await run.play(play);
    const failed = events.find((event) => event.kind === "failed");
    t.match(failed, { host: "a", on: "b", failure: { on: "b", step: { id: "there" } } });
    t.same(
      events.flatMap((event) => (event.kind === "planned" ? [[event.host, event.on]] : [])),
      [["a", "b"]],
    );
    rmSync(join(dir, "sick"));
    t.match(await run.play(play), { ok: ["a"] });
    t.equal((await run.finish())[0]?.failure, undefined);
  },
);

t.test("handlers run after the last role, or after each when asked", async (t) => {
  const role = (name: string) =>
    defineRole({
      name,
      vars,
      resources: (values) => [mark(values.dir, name, { notify: ["restart"] })],
      handlers: ({ dir }) => ({ restart: sh`echo ${`restart ${name}`} >>${join(dir, "..", "marks")}` }),
    });
  const roles = [role("one"), role("two")];
  const late = await stage(t, ["a"]);
  await late.run.play({ hosts: "web", roles });
  t.same(late.marks(), ["one", "two", "restart one", "restart two"]);
  const soon = await stage(t, ["a"]);
  await soon.run.play({ hosts: "web", roles, flushHandlers: true });
  t.same(soon.marks(), ["one", "restart one", "two", "restart two"]);
});

t.test("play vars win over the inventory and lose to -e", async (t) => {
  const role = defineRole({
    name: "say",
    vars: { ...vars, word: string("a word") },
    resources: ({ dir, word }) => [mark(dir, word)],
  });
  const play = { hosts: "web", roles: [role], vars: { word: "play" } };
  const plain = await stage(t, ["a"]);
  await plain.run.play(play);
  t.same(plain.marks(), ["play"]);
  const extra = await stage(t, ["a"], { extraVars: ["word=extra"] });
  await extra.run.play(play);
  t.same(extra.marks(), ["extra"]);
});

t.test("--tags says what it leaves although a chosen resource comes after it", async (t) => {
  const { run, events, marks } = await stage(t, ["a"], { tags: ["config"] });
  const role = defineRole({
    name: "app",
    vars,
    resources: ({ dir }) => [mark(dir, "package"), mark(dir, "config", { tags: ["config"] }), mark(dir, "later")],
  });
  await run.play({ hosts: "web", roles: [role] });
  t.same(marks(), ["config"]);
  const planned = events.find((event) => event.kind === "planned");
  t.match(planned, { steps: [{ id: "mark config" }], left: [{ id: "mark package" }] });
  t.equal(planned?.left.length, 1);
});

t.test("an unreachable host is told apart, and a connection that drops is opened again", async (t) => {
  const lost = new Set<string>();
  const connect = async ({ name }: { name: string }): Promise<Connection> => {
    if (name === "gone") throw new ConnectionError("timeout", name, `${name}: no answer`, { hint: "is it running?" });
    return intercepted(name, async (number, run) => {
      if (name !== "flaky" || number !== 1 || lost.has(name)) return run();
      lost.add(name);
      throw new ConnectionError("lost", name, `${name}: the connection was lost`);
    });
  };
  const { run, events } = await stage(t, ["gone", "flaky"], { connect });
  t.match(await run.play(web), { unreachable: ["gone"], changed: ["flaky"] });
  t.match(
    events.find(({ kind }) => kind === "retrying"),
    { host: "flaky" },
  );
  t.match((await run.finish())[0]?.failure, { kind: "unreachable", hint: "is it running?" });
});

t.test(
  "a single resource can be another user's",
  { skip: process.getuid?.() === 0 ? false : "needs root" },
  async (t) => {
    const { dir, run, marks } = await stage(t, ["a"]);
    writeFileSync(join(dir, "marks"), "", { mode: 0o666 });
    const role = defineRole({
      name: "whoami",
      vars,
      resources: () => [
        command(
          { name: "who", run: sh`id -un >/tmp/hostwright-who.$PPID; exit 0`, unless: sh`[ "$(id -un)" = nobody ]` },
          { becomeUser: "nobody" },
        ),
      ],
    });
    t.match(await run.play({ hosts: "web", roles: [role] }), { ok: ["a"] }, "its probe ran as that user");
    t.same(marks(), []);
  },
);

t.test("a deadline ends a run in good order and says so", async (t) => {
  const { run } = await stage(t, ["a"], { signal: AbortSignal.abort(new DeadlineError("the deadline of 3 s passed")) });
  t.match(await run.play(web), { failed: ["a"] });
  t.match((await run.finish())[0]?.failure, {
    kind: "interrupted",
    message: "the deadline of 3 s passed before it began",
  });
});
