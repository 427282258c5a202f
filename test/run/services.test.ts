import { existsSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import t from "tap";
import { command } from "../../engine/resource/command.ts";
import { file } from "../../engine/resource/file.ts";
import { link } from "../../engine/resource/link.ts";
import { defineResource, type Resource, touches } from "../../engine/resource/resource.ts";
import { failureOf } from "../../engine/run/failure.ts";
import { sh } from "../../engine/shell/sh.ts";
import { convergeLocally, statePaths } from "../support/local-run.ts";

const owner = userInfo().username;

interface Daemon {
  readonly dir: string;
  readonly config: readonly string[];
}

/** Starts by writing down what it read; does not start where that says "bad", and crawls where it says "lame". */
const daemon = defineResource<Daemon, string>({
  name: "daemon",
  id: ({ dir }) => `${dir}/runs`,
  probe: (all) => sh`for path in ${all.map(({ dir }) => `${dir}/runs`)}; do cat "$path" 2>/dev/null || echo no; done`,
  parse: (stdout) => stdout.trim().split("\n"),
  diff: (_, current) => (current === "no" ? [{ field: "running", before: current, after: "yes" }] : []),
  apply: start,
  serves: { before: (_, changes) => !touches(changes, "running"), again: start },
  follows: { ids: ({ config }) => config, changes: () => [{ field: "process", before: "older", after: "restarted" }] },
});

function start({ dir, config }: Daemon) {
  return sh`
    rm -f ${`${dir}/runs`}
    ! grep -q bad ${config} || { echo "it says bad" >&2; exit 1; }
    echo started >>${`${dir}/starts`}
    cat ${config} | head -n 1 >${`${dir}/runs`}`;
}

/** Holds where the daemon does not crawl. */
const healthy = defineResource<string, boolean>({
  name: "healthy",
  id: (dir) => dir,
  condition: true,
  probe: (all) =>
    sh`for path in ${all.map((dir) => `${dir}/runs`)}; do grep -q lame "$path" && echo no || echo yes; done`,
  parse: (stdout) =>
    stdout
      .trim()
      .split("\n")
      .map((line) => line === "yes"),
  diff: (_, holds) => (holds ? [] : [{ field: "health", before: "no", after: "yes" }]),
  apply: (dir) => sh`! grep -q lame ${`${dir}/runs`} && [ -e ${`${dir}/runs`} ] || { echo "it crawls" >&2; exit 1; }`,
});

function service(dir: string, content: string, tags: readonly string[] = ["one"]): readonly Resource[] {
  return [
    file({ path: `${dir}/config`, content, owner, mode: "0600" }, { tags }),
    daemon({ dir, config: [`${dir}/config`] }, { tags }),
    healthy(dir, { tags }),
  ];
}

const kept = (dir: string) => existsSync(`${statePaths(dir).state}/previous/services/local`);
const read = (path: string) => readFileSync(path, "utf8");

t.test("a service that does not come up goes back with what it follows, and is proven", async (t) => {
  const dir = t.testdir();
  t.equal((await convergeLocally(t, dir, service(dir, "good 1\n"))).error, undefined);
  t.notOk(kept(dir), "what was proven is kept no more");
  const run = await convergeLocally(t, dir, service(dir, "bad 2\n"));
  t.match(failureOf(run.error), {
    kind: "failed",
    message: /^daemon .* failed: exit 1$/,
    stderr: "it says bad",
    rollback: { works: true, left: [], resources: [{ type: "daemon" }, { type: "file", id: `${dir}/config` }] },
    hint: /works with its old state/,
  });
  t.same([read(`${dir}/config`), read(`${dir}/runs`)], ["good 1\n", "good 1\n"]);
  t.equal(run.progress.changed.size, 0);
  t.notOk(kept(dir));
  const journal = read(`${statePaths(dir).log}/journal.jsonl`)
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  t.match(journal.at(-1), { resource: `file ${dir}/config`, rollback: true });
  t.same([...(await convergeLocally(t, dir, service(dir, "good 1\n"))).progress.changed], [], "all is as it was");
});

t.test("a condition that fails with the changes takes them back; it is asked again", async (t) => {
  const dir = t.testdir();
  await convergeLocally(t, dir, service(dir, "good 1\n"));
  const run = await convergeLocally(t, dir, service(dir, "lame 2\n"));
  t.match(failureOf(run.error), { message: /^healthy /, stderr: "it crawls", rollback: { works: true } });
  t.equal(read(`${dir}/runs`), "good 1\n");
});

t.test("where the old state does not serve either, both are said, and what was kept stays", async (t) => {
  const dir = t.testdir();
  await convergeLocally(t, dir, service(dir, "good 1\n"));
  writeFileSync(`${dir}/config`, "bad, by hand\n");
  const run = await convergeLocally(t, dir, service(dir, "bad 2\n"));
  t.match(failureOf(run.error), { stderr: "it says bad", rollback: { works: false, stderr: "it says bad" } });
  t.equal(read(`${dir}/config`), "bad, by hand\n");
});

t.test("what never served does not go back: there is nothing to go back to", async (t) => {
  const dir = t.testdir();
  const run = await convergeLocally(t, dir, service(dir, "bad 1\n"));
  t.equal(failureOf(run.error).rollback, undefined);
  t.equal(read(`${dir}/config`), "bad 1\n");
  t.notOk(kept(dir), "and nothing is kept");
});

t.test("only the service that fails goes back, and only by a condition of its own", async (t) => {
  const dir = t.testdir({ a: {}, b: {} });
  const both = (a: string, b: string) => [...service(`${dir}/a`, a, ["a"]), ...service(`${dir}/b`, b, ["b"])];
  await convergeLocally(t, dir, both("good 1\n", "good 1\n"));
  for (const broken of ["lame 2\n", "bad 2\n"]) {
    const run = await convergeLocally(t, dir, both("good 2\n", broken));
    t.match(failureOf(run.error).rollback, { works: true, resources: [{}, { id: `${dir}/b/config` }] });
    t.same([read(`${dir}/a/runs`), read(`${dir}/b/runs`)], ["good 2\n", "good 1\n"]);
  }
});

t.test("a link goes back to where it led, and a file that was not there is gone", async (t) => {
  const dir = t.testdir({ v1: "good 1\n", v2: "bad 2\n" });
  const all = (version: string, more: readonly string[] = []) => [
    link({ path: `${dir}/current`, target: version }),
    ...more.map((path) => file({ path, content: "bad\n", owner })),
    daemon({ dir, config: [`${dir}/current`, ...more] }),
  ];
  t.equal((await convergeLocally(t, dir, all("v1"))).error, undefined);
  const run = await convergeLocally(t, dir, all("v2", [`${dir}/extra`]));
  t.match(failureOf(run.error).rollback, { works: true });
  t.equal(readlinkSync(`${dir}/current`), "v1");
  t.notOk(existsSync(`${dir}/extra`));
});

t.test("what a run kept that was cut before its proof is what the next one goes back to", async (t) => {
  const dir = t.testdir();
  await convergeLocally(t, dir, service(dir, "good 1\n"));
  const other = command({ name: "other", run: sh`exit 3`, unless: sh`false` });
  const cut = await convergeLocally(t, dir, [...service(dir, "good 2\n"), other]);
  t.match(failureOf(cut.error), { message: /^command other/, rollback: undefined });
  t.ok(kept(dir));
  const run = await convergeLocally(t, dir, service(dir, "bad 3\n"));
  t.match(failureOf(run.error).rollback, { works: true });
  t.same([read(`${dir}/config`), kept(dir)], ["good 1\n", false]);
});
