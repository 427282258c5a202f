import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import t, { type Test } from "tap";
import { type Connection, ConnectionError } from "../../engine/connection/connection.ts";
import { command } from "../../engine/resource/command.ts";
import { rolling } from "../../engine/role/handler.ts";
import type { Gate, RolePlay } from "../../engine/role/playbook.ts";
import { defineRole } from "../../engine/role/role.ts";
import { string } from "../../engine/role/schema.ts";
import type { RunOptions } from "../../engine/run/context.ts";
import { sh } from "../../engine/shell/sh.ts";
import { intercepted } from "../support/intercepted.ts";
import { statePaths } from "../support/local-run.ts";
import { hostFile, mark, type Stage, stage } from "../support/play-run.ts";

const vars = { dir: string("the host's folder"), word: string("a setting", { default: "new" }) };

/** Restarts "the service" of a host: it comes back unless its settings, or its host, are broken. */
const restart = (dir: string) => sh`
  settings=$(cat ${join(dir, "settings")})
  printf '%s %s\\n' ${dir.split("/").at(-1) ?? ""} "$settings" >>${join(dir, "..", "marks")}
  [ "$settings" != quiet ] || echo "it did not run"
  [ ! -e ${join(dir, "down")} ] || { echo "the host is down" >&2; exit 1; }
  [ "$settings" != broken ] || { echo "HTTP 503 after 1 s" >&2; exit 1; }`;

const app = defineRole({
  name: "app",
  vars,
  resources: ({ dir, word }, _facts, site) => [
    mark(dir, `prepared-${site.host.name}`),
    hostFile({ dir }, "settings", word, { notify: ["restart"] }),
    hostFile({ dir }, "more", word, { notify: ["restart"] }),
    hostFile({ dir }, "last", "x"),
  ],
  handlers: ({ dir }) => ({ restart: rolling(restart(dir)) }),
});

const play: RolePlay = { name: "app", hosts: "web", roles: [app] };
const NAMES = ["a", "b", "c"];

/** Three hosts with old settings, and a run that gives them others. */
async function hosts(t: Test, word = "new", settings: Partial<RunOptions> = {}): Promise<Stage> {
  const one = await stage(t, NAMES, { extraVars: [`word=${word}`], ...settings });
  for (const name of NAMES) writeFileSync(join(one.dir, name, "settings"), "old");
  return one;
}

const settingsOf = ({ dir }: Stage) => NAMES.map((name) => readFileSync(join(dir, name, "settings"), "utf8"));
const keptIn = ({ dir }: Stage) => {
  const folder = join(statePaths(dir).state, "previous");
  return existsSync(folder) ? readdirSync(folder) : [];
};

t.test("hosts are prepared side by side, then take their turn in order: change and restart in one", async (t) => {
  const one = await hosts(t);
  t.match(await one.run.play(play), { changed: NAMES, failed: [] });
  t.same(one.marks(), ["prepared-a", "prepared-b", "prepared-c", "a new", "b new", "c new"]);
  t.same(settingsOf(one), ["new", "new", "new"]);
  t.same(keptIn(one), [], "what was kept is gone");
  const results = await one.run.finish();
  t.same(
    results.map(({ ok, changed, skipped, handlers }) => [ok, changed, skipped, handlers]),
    NAMES.map(() => [0, 4, 0, ["app: restart"]]),
  );
});

t.test("what holds costs two execs a host, and nobody waits for a turn", async (t) => {
  const one = await hosts(t, "old");
  for (const name of NAMES) {
    for (const file of ["more", "last"]) writeFileSync(join(one.dir, name, file), file === "more" ? "old" : "x");
    writeFileSync(join(one.dir, "marks"), `prepared-${name}\n`, { flag: "a" });
  }
  t.match(await one.run.play(play), { ok: NAMES });
  t.same(
    (await one.run.finish()).map(({ execs }) => execs),
    [2, 2, 2],
  );
});

t.test(
  "the first host that does not come back gets its files back, restarts with them, and the run stops",
  async (t) => {
    const one = await hosts(t, "broken");
    chmodSync(join(one.dir, "a", "settings"), 0o640);
    t.match(await one.run.play(play), { failed: ["a"], skipped: ["b", "c"], changed: [] });
    t.same(settingsOf(one), ["old", "old", "old"]);
    t.equal(statSync(join(one.dir, "a", "settings")).mode & 0o777, 0o640, "mode and all");
    t.notOk(existsSync(join(one.dir, "a", "more")), "a file that was not there is gone again");
    t.ok(existsSync(join(one.dir, "c", "last")), "all else was done on every host");
    t.same(one.marks().slice(3), ["a broken", "a old"]);
    t.match(
      one.events.find(({ kind }) => kind === "stopped"),
      { reason: "a failed in its turn", hosts: [], waiting: ["b", "c"] },
    );
    const [a, b] = await one.run.finish();
    t.match(a?.failure, {
      kind: "failed",
      handler: "app: restart",
      message: "handler app: restart failed: exit 1",
      stderr: "HTTP 503 after 1 s",
      rollback: {
        resources: [{ id: join(one.dir, "a", "more") }, { id: join(one.dir, "a", "settings") }],
        left: [],
        works: true,
      },
      hint: /^this host works with its old state/,
    });
    t.match([a?.changed, a?.skipped, b?.changed, b?.skipped, b?.failure], [2, 2, 2, 2, undefined]);
    t.same(keptIn(one), []);
    t.same(readdirSync(join(statePaths(one.dir).state, "pending")), [], "and nothing is pending");
    t.match(readFileSync(join(statePaths(one.dir).log, "journal.jsonl"), "utf8"), /settings".*"rollback":true/);
  },
);

t.test("a run that stopped does nothing more", async (t) => {
  const one = await hosts(t, "broken");
  await one.run.play(play);
  t.match(await one.run.play({ ...play, rescue: true }), { skipped: NAMES });
});

t.test("a host that does not come back with its old files either says both", async (t) => {
  const one = await hosts(t, "broken");
  writeFileSync(join(one.dir, "a", "down"), "");
  await one.run.play(play);
  t.same(settingsOf(one), ["old", "old", "old"]);
  const [a] = await one.run.finish();
  t.match(a?.failure, {
    stderr: "the host is down",
    rollback: { works: false, stderr: "the host is down" },
    hint: /^this host does not work with its old state either/,
  });
  t.same(readdirSync(join(statePaths(one.dir).state, "pending")), ["app%3A%20restart"], "the next run asks again");
});

t.test("a run that died in a turn is finished by the next, and goes back to what was there before both", async (t) => {
  const one = await hosts(t, "broken");
  const { state } = statePaths(one.dir);
  const path = join(one.dir, "a", "settings");
  const kept = join(state, "previous", "app%3A%20restart", "files", path);
  mkdirSync(dirname(kept), { recursive: true });
  writeFileSync(kept, "older", { mode: 0o600 });
  mkdirSync(join(state, "pending"));
  writeFileSync(join(state, "pending", "app%3A%20restart"), "");
  writeFileSync(path, "broken");
  await one.run.play({ ...play, hosts: "a" });
  t.equal(readFileSync(path, "utf8"), "older");
  t.match((await one.run.finish())[0]?.failure, { rollback: { works: true } });
});

t.test("what was kept by a run that changed nothing is not what to go back to", async (t) => {
  const one = await hosts(t, "broken");
  const path = join(one.dir, "a", "settings");
  const kept = join(statePaths(one.dir).state, "previous", "app%3A%20restart", "files", path);
  mkdirSync(dirname(kept), { recursive: true });
  writeFileSync(kept, "stale");
  await one.run.play({ ...play, hosts: "a" });
  t.equal(readFileSync(path, "utf8"), "old");
});

t.test("a handler that an earlier run left takes its turn too", async (t) => {
  const one = await hosts(t, "old");
  const { state } = statePaths(one.dir);
  mkdirSync(join(state, "pending"), { recursive: true });
  for (const name of NAMES) writeFileSync(join(one.dir, name, "more"), "old");
  writeFileSync(join(state, "pending", "app%3A%20restart"), "");
  t.match(await one.run.play({ ...play, hosts: "a" }), { changed: ["a"] });
  t.same(one.marks().slice(1), ["a old"]);
});

t.test("a line that it prints is a note", async (t) => {
  const one = await hosts(t, "quiet");
  await one.run.play({ ...play, hosts: "a" });
  t.same((await one.run.finish())[0]?.notes, ["it did not run"]);
});

t.test("check mode shows all of it at once and changes nothing", async (t) => {
  const one = await hosts(t, "new", { check: true });
  await one.run.play(play);
  t.same(settingsOf(one), ["old", "old", "old"]);
  t.same(one.marks(), []);
  t.match(
    (await one.run.finish()).map(({ changed, skipped }) => [changed, skipped]),
    NAMES.map(() => [4, 0]),
  );
});

t.test(
  "where another host of the batch fails before the turns, and that stops the play, nobody gets one",
  async (t) => {
    const one = await hosts(t);
    const broken = defineRole({
      name: "broken",
      vars,
      resources: (_vars, _facts, { host }) =>
        host.name === "b" ? [command({ name: "fails", run: sh`exit 1`, unless: sh`exit 1` })] : [],
    });
    t.match(await one.run.play({ ...play, roles: [app, broken], anyErrorsFatal: true }), {
      failed: ["b"],
      skipped: ["a", "c"],
    });
    t.same(settingsOf(one), ["old", "old", "old"]);
  },
);

t.test("a condition after the play is asked once the host had its turn", async (t) => {
  const one = await hosts(t);
  const after: Gate = ({ host }) => [
    command({ name: "new", run: sh`exit 1`, unless: sh`grep -qx new ${join(String(host.vars.dir), "settings")}` }),
  ];
  t.match(await one.run.play({ ...play, after }), { changed: NAMES });
});

t.test("what cannot go back is named", async (t) => {
  const one = await hosts(t);
  const stubborn = defineRole({
    name: "stubborn",
    vars,
    resources: ({ dir }) => [mark(dir, "done", { notify: ["restart"] })],
    handlers: () => ({ restart: rolling(sh`exit 1`) }),
  });
  await one.run.play({ hosts: "a", roles: [stubborn] });
  t.match((await one.run.finish())[0]?.failure?.rollback, { resources: [], left: [{ id: "mark done" }], works: false });
});

t.test("a connection that breaks in a turn is opened again, and the turn goes on where it was", async (t) => {
  let broke = false;
  const connect = async ({ name }: { name: string }): Promise<Connection> =>
    intercepted(name, async (number, run) => {
      // Facts, the look, the lock, the change; in the turn the look, the lock, the change, and then the handler.
      if (number !== 7 || broke) return run();
      broke = true;
      throw new ConnectionError("lost", name, `${name}: the connection was lost`);
    });
  const one = await stage(t, ["a"], { extraVars: ["word=broken"], connect });
  writeFileSync(join(one.dir, "a", "settings"), "old");
  await one.run.play(play);
  t.ok(broke);
  t.same(one.marks(), ["prepared-a", "a broken", "a old"]);
  t.equal(readFileSync(join(one.dir, "a", "settings"), "utf8"), "old", "it still knows what to go back to");
  t.match((await one.run.finish())[0]?.failure, { rollback: { works: true } });
});
