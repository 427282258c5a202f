import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import t from "tap";
import { absent } from "../../engine/resource/absent.ts";
import { command } from "../../engine/resource/command.ts";
import { directory } from "../../engine/resource/directory.ts";
import { file } from "../../engine/resource/file.ts";
import { link } from "../../engine/resource/link.ts";
import { defineResource, ProbeError } from "../../engine/resource/resource.ts";
import { ApplyError, LockedError, NotConvergedError } from "../../engine/run/converge-error.ts";
import { failureOf } from "../../engine/run/failure.ts";
import { sh } from "../../engine/shell/sh.ts";
import { convergeLocally, statePaths } from "../support/local-run.ts";

const owner = userInfo().username;

/** A line that a test appends, to see what ran and in which order. */
const log = (dir: string, word: string) => sh`echo ${word} >>${`${dir}/ran`}`;
const ran = (dir: string) => (existsSync(`${dir}/ran`) ? readFileSync(`${dir}/ran`, "utf8").trim().split("\n") : []);

/** A resource that says it differs, whatever one does. */
const restless = defineResource<string, string>({
  name: "restless",
  id: (name) => name,
  probe: () => sh`echo differs`,
  parse: (stdout, all) => all.map(() => stdout.trim()),
  diff: (_, current) => [{ field: "state", before: current, after: "calm" }],
  apply: () => sh`:`,
});

t.test("a first run changes and proves it, a second run needs two execs in all", async (t) => {
  const dir = t.testdir();
  const resources = Array.from({ length: 40 }, (_, index) =>
    file({ path: `${dir}/${index}`, content: `${index}`, owner }),
  );
  const first = await convergeLocally(t, dir, resources);
  t.equal(first.error, undefined);
  t.equal(first.progress.changed.size, 40);
  const second = await convergeLocally(t, dir, resources);
  t.equal(second.progress.changed.size, 0);
  t.equal(second.execs, 2, "facts, probes");
});

t.test("check mode changes nothing, not even the engine's own state", async (t) => {
  const dir = t.testdir();
  const run = await convergeLocally(t, dir, [file({ path: `${dir}/f`, content: "x", owner })], { check: true });
  t.same([...run.progress.changed], [`file ${dir}/f`]);
  t.same(readdirSync(dir), []);
});

t.test("a handler runs once, after everything holds, and is then forgotten", async (t) => {
  const dir = t.testdir();
  const notify = { notify: ["restart"] };
  const resources = ["a", "b"].map((name) => file({ path: `${dir}/${name}`, content: "x", owner }, notify));
  const settings = { handlers: { restart: log(dir, "restart"), unused: log(dir, "unused") } };
  const first = await convergeLocally(t, dir, resources, settings);
  t.equal(first.error, undefined);
  t.same([...first.progress.handlers], ["restart"]);
  await convergeLocally(t, dir, resources, settings);
  t.same(ran(dir), ["restart"]);
});

t.test("a handler survives a run that failed after the change, and one that failed itself", async (t) => {
  const dir = t.testdir();
  const changed = file({ path: `${dir}/config`, content: "x", owner }, { notify: ["restart it"] });
  const broken = file({ path: `${dir}/missing/f`, content: "x", owner });
  const first = await convergeLocally(t, dir, [changed, broken], { handlers: { "restart it": log(dir, "restart") } });
  t.type(first.error, ApplyError);
  t.same(ran(dir), [], "the failure came before the handlers");
  const second = await convergeLocally(t, dir, [changed], { handlers: { "restart it": sh`echo no >&2; exit 4` } });
  t.match(second.error, { message: "handler restart it failed: exit 4", stderr: "no" });
  const check = await convergeLocally(t, dir, [changed], {
    handlers: { "restart it": log(dir, "restart") },
    check: true,
  });
  t.same([...check.progress.handlers], ["restart it"], "check mode says that it waits");
  const third = await convergeLocally(t, dir, [changed], { handlers: { "restart it": log(dir, "restart") } });
  t.equal(third.progress.changed.size, 0);
  t.same(ran(dir), ["restart"]);
});

t.test("the first failure stops the host's script and says what was not reached", async (t) => {
  const dir = t.testdir();
  const at = (path: string) => file({ path: `${dir}/${path}`, content: "x", owner });
  const run = await convergeLocally(t, dir, [at("a"), at("missing/b"), at("c")]);
  t.match(run.error, { step: { id: `${dir}/missing/b`, changes: [{ field: "content" }, {}, {}] }, stderr: /missing/ });
  t.same([...run.progress.changed], [`file ${dir}/a`]);
  t.notOk(existsSync(`${dir}/c`));
});

t.test("a resource that never settles fails the run by name after three passes", async (t) => {
  const dir = t.testdir();
  const run = await convergeLocally(t, dir, [restless("fan")]);
  t.type(run.error, NotConvergedError);
  t.match(run.error, { message: "still differs after 3 passes: restless fan" });
  t.equal(run.events.filter(({ kind }) => kind === "applied").length, 3);
});

t.test("two resources that undo each other do not converge", async (t) => {
  const dir = t.testdir();
  mkdirSync(`${dir}/real`);
  const run = await convergeLocally(t, dir, [
    file({ path: `${dir}/real/f`, content: "one", owner }),
    file({ path: `${dir}/real/../real/f`, content: "two", owner }),
  ]);
  t.type(run.error, NotConvergedError);
});

t.test("a probe that cannot run is an error, not an absence", async (t) => {
  const dir = t.testdir();
  const blind = defineResource<string, string>({
    name: "blind",
    id: (name) => name,
    probe: () => sh`echo "no permission" >&2; exit 3`,
    parse: () => [],
    diff: () => [],
    apply: () => sh`:`,
  });
  const run = await convergeLocally(t, dir, [blind("x")]);
  t.match(run.error, { message: "cannot probe blind x: exit 3", stderr: "no permission" });
});

t.test("what another run changes while it is looked at is looked at once more", async (t) => {
  const dir = t.testdir();
  const disturbed = defineResource<string, string>({
    name: "disturbed",
    id: (name) => name,
    // The exec itself tries twice.
    probe: ([name]) =>
      sh`cd ${dir}; for mark in ${`${name} 1`} ${`${name} 2`}; do [ -e "$mark" ] || { : >"$mark"; exit 1; }; done; echo fine`,
    parse: (stdout) => [stdout],
    diff: () => [],
    apply: () => sh`:`,
  });
  for (const check of [false, true]) {
    const { error, execs } = await convergeLocally(t, dir, [disturbed(`check ${check}`)], { check });
    t.equal(error, undefined);
    t.equal(execs, 3, "facts, and the look twice");
  }
});

t.test("of resources that are probed together, the one that cannot be is named, with its place", async (t) => {
  const dir = t.testdir();
  const half = defineResource<string, string>({
    name: "half",
    id: (name) => name,
    probe: (all) =>
      sh`for name in ${all}; do case $name in bad) echo "no permission" >&2; exit 3 ;; odd) echo ? ;; *) echo fine ;; esac; done`,
    parse: (stdout) =>
      stdout
        .trim()
        .split("\n")
        .map((line) => {
          if (line !== "fine") throw new ProbeError(`half: unexpected line: ${line}`);
          return line;
        }),
    diff: () => [],
    apply: () => sh`:`,
  });
  const failed = await convergeLocally(t, dir, [half("a"), half("bad"), half("c")]);
  t.match(failureOf(failed.error), {
    kind: "failed",
    message: "cannot probe half bad: exit 3",
    step: { type: "half", id: "bad", place: { file: /converge\.test\.ts$/ }, changes: [] },
    stderr: "no permission",
    hint: /put right on the host/,
  });
  t.equal(failed.execs, 5, "facts; probes, one for each of the kind; both once more");
  const unread = await convergeLocally(t, dir, [half("a"), half("odd")]);
  t.match(failureOf(unread.error), {
    message: "cannot probe half odd: half: unexpected line: ?",
    step: { id: "odd" },
  });
});

t.test("a probe that fails only for all together names all of them", async (t) => {
  const crowd = defineResource<string, string>({
    name: "crowd",
    id: (name) => name,
    probe: (all) => (all.length > 1 ? sh`exit 3` : sh`echo fine`),
    parse: () => ["fine"],
    diff: () => [],
    apply: () => sh`:`,
  });
  const few = await convergeLocally(
    t,
    t.testdir(),
    ["a", "b"].map((name) => crowd(name)),
  );
  t.match(failureOf(few.error), { message: "cannot probe crowd (a, b): exit 3", step: undefined });
  const many = await convergeLocally(
    t,
    t.testdir(),
    ["a", "b", "c", "d", "e"].map((name) => crowd(name)),
  );
  t.match(many.error, { message: "cannot probe crowd (a and 4 more): exit 3" });
});

t.test("check mode fails where a run would certainly stop, with what is in the way", async (t) => {
  const dir = t.testdir({ folder: {}, text: "mine" });
  symlinkSync("folder", `${dir}/link`);
  const cases = [
    [file({ path: `${dir}/folder`, content: "x", owner }), /is a directory: remove it first/],
    [file({ path: `${dir}/link`, content: "x", owner }), /is a directory: remove it first/],
    [directory({ path: `${dir}/text`, owner }), /a file is in the way and is not a directory/],
    [directory({ path: `${dir}/link`, owner }), /a link is in the way and is not a directory/],
    [link({ path: `${dir}/folder`, target: "x" }), /a directory is in the way: move it away/],
    [absent({ path: `${dir}/folder` }), /is a directory: say recursive: true/],
  ] as const;
  for (const [resource, reason] of cases) {
    const check = await convergeLocally(t, dir, [file({ path: `${dir}/new`, content: "x", owner }), resource], {
      check: true,
    });
    const { kind, id } = resource;
    t.match(failureOf(check.error), {
      step: { type: kind.name, id, place: { file: /converge\.test\.ts$/ } },
      message: reason,
    });
    t.match((check.error as Error).message, `${kind.name} ${id}: a run would stop here: `);
    t.type((await convergeLocally(t, dir, [resource])).error, ApplyError, "and so it does");
  }
});

t.test("check mode does not fail where something before may clear the way", async (t) => {
  const dir = t.testdir({ folder: { deep: "x" } });
  const after = link({ path: `${dir}/folder/deep`, target: "x" });
  const clearing = [
    absent({ path: `${dir}/folder`, recursive: true }),
    command({ name: "move it", run: sh`rm -- ${`${dir}/folder/deep`}`, creates: `${dir}/none` }),
  ];
  for (const first of clearing) {
    const { error, progress } = await convergeLocally(t, dir, [first, after], { check: true });
    t.same([error, progress.changed.size], [undefined, 2]);
  }
});

t.test("a host that another run holds is left alone; its holder is named", async (t) => {
  const dir = t.testdir();
  const { state } = statePaths(dir);
  mkdirSync(state, { recursive: true });
  const other = spawn("sh", [
    "-c",
    `exec 9>>"$0/lock"; flock 9; echo "kim@laptop" >"$0/holder"; echo held; read -r _`,
    state,
  ]);
  t.teardown(() => other.kill());
  await once(other.stdout, "data");
  const resources = [file({ path: `${dir}/f`, content: "x", owner })];
  const refused = await convergeLocally(t, dir, resources);
  t.type(refused.error, LockedError);
  t.match(refused.error, { message: "another run is changing this host", holder: "kim@laptop" });
  t.notOk(existsSync(`${dir}/f`));
  const waiting = convergeLocally(t, dir, resources, { lockWaitSeconds: 30 });
  other.stdin.end("\n");
  const waited = await waiting;
  t.equal(waited.error, undefined, "--lock-wait queues behind it");
  t.match(
    waited.events.find(({ kind }) => kind === "taken-over"),
    { holder: "kim@laptop" },
    "the other run left without tidying up",
  );
});

t.test("each change is written down on the host", async (t) => {
  const dir = t.testdir();
  await convergeLocally(t, dir, [file({ path: `${dir}/it's`, content: "x", owner })]);
  const lines = readFileSync(`${statePaths(dir).log}/journal.jsonl`, "utf8")
    .trim()
    .split("\n");
  t.match(
    lines.map((line) => JSON.parse(line)),
    [
      {
        time: /^\d{4}-\d\d-\d\dT/,
        run: "r1",
        operator: "tester",
        resource: `file ${dir}/it's`,
        fields: ["content", "mode", "owner"],
      },
    ],
  );
});

t.test("a drifted file is repaired alone", async (t) => {
  const dir = t.testdir();
  const resources = ["a", "b", "c"].map((name) => file({ path: `${dir}/${name}`, content: `${name}\n`, owner }));
  await convergeLocally(t, dir, resources);
  writeFileSync(`${dir}/b`, "drifted\n");
  const run = await convergeLocally(t, dir, resources);
  t.same([...run.progress.changed], [`file ${dir}/b`]);
});

t.test("a condition is waited for: it is neither a change nor written down", async (t) => {
  const dir = t.testdir();
  const ready = defineResource<string, string>({
    name: "ready",
    id: (path) => path,
    condition: true,
    probe: (all) => sh`for path in ${all}; do if [ -e "$path" ]; then echo yes; else echo no; fi; done`,
    parse: (stdout) => stdout.trim().split("\n"),
    diff: (_, current) => (current === "yes" ? [] : [{ field: "health", before: current, after: "yes" }]),
    apply: (path) => sh`: >${path}`,
  });
  const run = await convergeLocally(t, dir, [ready(`${dir}/up`)]);
  t.equal(run.error, undefined);
  t.match(
    run.events.find(({ kind }) => kind === "applied"),
    { steps: [{ condition: true }] },
  );
  t.equal(run.progress.changed.size, 0);
  t.notOk(existsSync(`${statePaths(dir).log}/journal.jsonl`));
});
