import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { connectLocal } from "../../engine/connection/local.ts";
import { absent } from "../../engine/resource/absent.ts";
import { command } from "../../engine/resource/command.ts";
import { file } from "../../engine/resource/file.ts";
import type { Resource } from "../../engine/resource/resource.ts";
import type { Play } from "../../engine/role/playbook.ts";
import { defineRole } from "../../engine/role/role.ts";
import type { RunOptions } from "../../engine/run/context.ts";
import { orphansOf } from "../../engine/run/orphans.ts";
import { parseRecord, scopeOf } from "../../engine/run/record.ts";
import { retire } from "../../engine/run/retire.ts";
import { ofInventory } from "../../engine/run/retirement.ts";
import { openSession } from "../../engine/run/session.ts";
import { Secret } from "../../engine/shell/secret.ts";
import { sh } from "../../engine/shell/sh.ts";
import { statePaths } from "../support/local-run.ts";
import { stage } from "../support/play-run.ts";

const owner = userInfo().username;
const DESCRIBED = "No role describes any more what was made here: ";

/** A machine that several runs come to. */
function machine(t: Test) {
  const dir = mkdtempSync(join(tmpdir(), "retire-"));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const paths = statePaths(dir);
  const at = (name: string, content = "x") => file({ path: join(dir, name), content, owner });
  let runs = 0;
  const operation = () => ({ run: `r${runs++}`, operator: "tester", playbook: "test", commit: "" });
  // Each stage makes the test's folder anew, under the inventory that another is just reading: so one after the other.
  let staged: Promise<unknown> = Promise.resolve();
  const run = async (resources: readonly Resource[], settings: Partial<RunOptions> & { inventory?: string } = {}) => {
    const { inventory = "ours", ...options } = settings;
    const role = defineRole({ name: "r", vars: {}, resources: () => resources });
    const plays: readonly Play[] = [{ hosts: "web", roles: [role] }];
    const own = { paths, plays, inventoryNames: [inventory], operation: operation(), ...options };
    const staging = staged.then(() => stage(t, ["a"], own));
    staged = staging;
    const one = await staging;
    for (const play of plays) await one.run.play(play);
    const [result] = await one.run.finish();
    return { changed: result?.changed, execs: result?.execs, notes: result?.notes, failure: result?.failure };
  };
  const retireIt = async (
    settings: { check?: boolean; orphansOf?: readonly Resource[]; inventory?: string; lockWaitSeconds?: number } = {},
  ) => {
    const { check = false, orphansOf: described, inventory = "ours", lockWaitSeconds = 0 } = settings;
    const scope = scopeOf([inventory], { playbook: "test" });
    const connection = connectLocal("a");
    t.teardown(() => connection.close());
    const session = await openSession(connection, { become: false });
    const going = { ...(described ? orphansOf(described, scope) : ofInventory(scope)), withData: false };
    return retire(session, {
      going,
      check,
      scope,
      operation: operation(),
      host: "a",
      lockWaitSeconds,
      paths,
      emit: () => {},
    });
  };
  return { dir, paths, at, run, retireIt };
}

t.test("what no role describes any more is noted, until it is retired; nobody in sync is asked more", async (t) => {
  const { dir, at, run, retireIt } = machine(t);
  t.match(await run([at("one"), at("two")]), { changed: 2, notes: [] });
  t.match(await run([at("one"), at("two")]), { changed: 0, execs: 2, notes: [] });
  const note = `${DESCRIBED}file ${dir}/two. To remove it: npx zx playbooks/retire.mts a --orphans`;
  t.match(await run([at("one")]), { changed: 0, execs: 3, notes: [note] }, "one exec more, where something is left");
  t.match(await run([at("one")], { check: true }), { notes: [note] });
  for (const [why, settings] of Object.entries({
    limit: { limit: "a" },
    tags: { tags: ["r"] },
    "another inventory": { inventory: "theirs" },
    "another playbook": { operation: { run: "r", operator: "o", playbook: "other", commit: "" } },
    "a play that was not asked for": { plays: [{ hosts: "web", roles: [], flag: "more" }] },
    "a playbook that decides as it goes": { plays: [] },
  }))
    t.match(await run([at("one")], settings), { execs: 2, notes: [] }, why);
  t.same((await retireIt({ check: true, orphansOf: [at("one")] })).removed, [`file ${dir}/two`]);
  t.ok(existsSync(`${dir}/two`));
  t.match(await retireIt({ orphansOf: [at("one")] }), { removed: [`file ${dir}/two`], isForgotten: false });
  t.notOk(existsSync(`${dir}/two`));
  t.match(await run([at("one")]), { changed: 0, execs: 2, notes: [] });
});

t.test("what went by other ways is forgotten once, and what is there under another name is no orphan", async (t) => {
  const { dir, at, run } = machine(t);
  await run([at("one"), at("two"), at("three")]);
  rmSync(`${dir}/two`);
  const wish = [at("one"), absent({ path: `${dir}/three` })];
  t.match(await run(wish, { check: true }), { notes: [] });
  t.match(await run(wish), { changed: 1, notes: [] });
  t.match(await run(wish), { changed: 0, execs: 2, notes: [] });
});

t.test("a host that is retired has nothing of a run any more, and the next run begins anew", async (t) => {
  const { dir, at, run, retireIt, paths } = machine(t);
  writeFileSync(`${dir}/theirs`, "before", { mode: 0o600 });
  await run([at("one"), at("theirs", "after")]);
  await run([at("one"), at("theirs", "later")]);
  t.match(await retireIt(), {
    removed: [`file ${dir}/theirs, put back as it was found`, `file ${dir}/one`],
    failed: [],
  });
  t.equal(readFileSync(`${dir}/theirs`, "utf8"), "before");
  for (const path of [`${dir}/one`, paths.state, paths.log]) t.notOk(existsSync(path), path);
  t.match(await retireIt(), { removed: [], isKnown: false });
  t.match(await run([at("one")]), { changed: 1, failure: undefined });
});

t.test("what an older version made is not known: nothing is touched, and its notes stay", async (t) => {
  const { at, run, retireIt, paths } = machine(t);
  await run([at("one")]);
  rmSync(`${paths.state}/made`);
  writeFileSync(`${paths.state}/applied`, "11111111 22222222\n");
  t.match(await retireIt(), { removed: [], isKnown: false, isForgotten: false });
  t.ok(existsSync(`${paths.log}/journal.jsonl`));
});

t.test("two inventories on one machine: each retires its own, and what both use goes with the last", async (t) => {
  const { dir, at, run, retireIt, paths } = machine(t);
  await run([at("shared"), at("ours")]);
  await run([at("shared"), at("theirs")], { inventory: "theirs" });
  t.match(await retireIt(), {
    removed: [`file ${dir}/ours`],
    left: [{ title: `file ${dir}/shared`, why: "another inventory uses it as well" }],
    isForgotten: false,
  });
  t.same(parseRecord(readFileSync(`${paths.state}/made`, "utf8")).length, 2, "it is theirs from now on");
  t.match(await run([at("shared"), at("theirs")], { inventory: "theirs" }), { changed: 0, execs: 2, notes: [] });
  const note = { notes: [new RegExp(`^${DESCRIBED}file ${dir}/shared\\.`)] };
  t.match(await run([at("theirs")], { inventory: "theirs" }), note, "and theirs to be told of");
  t.match(await retireIt({ inventory: "theirs" }), {
    removed: [`file ${dir}/theirs`, `file ${dir}/shared`],
    isForgotten: true,
  });
});

t.test("what a host notes of a secret says nothing of it", async (t) => {
  const { dir, run, paths } = machine(t);
  await run([file({ path: `${dir}/key`, content: new Secret("correct horse", "test"), owner })]);
  t.match(readFileSync(`${paths.state}/made`, "utf8"), /^[0-9a-f.]{17} [0-9a-f]{8} file - \/.*\/key\n$/);
});

t.test("who waited for the lock of a host that was retired has the next one, and no two have it at once", async (t) => {
  const { dir, at, run, retireIt } = machine(t);
  for (let round = 0; round < 5; round++) {
    const wait = { lockWaitSeconds: 60 };
    const [one, gone, other, goneToo] = await Promise.all([
      run([at("one"), at("two")], wait),
      retireIt(wait),
      run([at("one"), at("two")], wait),
      retireIt(wait),
    ]);
    // A look takes no lock: where a file goes while it is read, it is had once more.
    for (const { failure } of [one, other]) t.equal(failure, undefined);
    t.match([gone, goneToo], [{ failed: [] }, { failed: [] }]);
    t.match(await run([at("one"), at("two")]), { failure: undefined });
    t.ok(existsSync(`${dir}/one`) && existsSync(`${dir}/two`));
  }
});

t.test("a host that another run changes is left to it", async (t) => {
  const { dir, run, retireIt } = machine(t);
  const slow = command({
    name: "slow",
    creates: `${dir}/slow`,
    run: sh`: >${`${dir}/begun`}; sleep 2; : >${`${dir}/slow`}`,
  });
  const going = run([slow]);
  while (!existsSync(`${dir}/begun`)) await new Promise((resolve) => setTimeout(resolve, 20));
  await t.rejects(retireIt(), { message: /another run is changing this host/ });
  t.match(await going, { changed: 1, failure: undefined });
  t.match(await retireIt(), { removed: [`file ${dir}/slow`] });
});
