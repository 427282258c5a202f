import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import t, { type Test } from "tap";
import { command } from "../../engine/resource/command.ts";
import { file } from "../../engine/resource/file.ts";
import { LockedError } from "../../engine/run/converge-error.ts";
import { breakLock, holdLock, lockProbe } from "../../engine/run/host-lock.ts";
import { InterruptedError } from "../../engine/run/interrupt.ts";
import { frame, remarks } from "../../engine/shell/frame.ts";
import { type Script, sh } from "../../engine/shell/sh.ts";
import { convergeLocally, type LocalRun, statePaths } from "../support/local-run.ts";
import { runSections, shells } from "../support/shells.ts";

t.setTimeout(120_000);

const owner = userInfo().username;
const eve = { run: "e5e5e5e5", operator: "eve@laptop", playbook: "site.mts", commit: "" };

/** The lock's shell of a run that is elsewhere, holding it. */
async function other(t: Test, dir: string, more: { operation?: typeof eve; machine?: string; shell?: string[] } = {}) {
  const { operation = eve, machine = "local", shell = ["sh"] } = more;
  const script = frame([], "n1", { prelude: holdLock("n1", { operation, machine }, 0, statePaths(dir)) }).text;
  const [program = "sh", ...args] = shell;
  const child = spawn(program, [...args, "-s"], { stdio: ["pipe", "pipe", "pipe"] });
  t.teardown(() => child.kill("SIGKILL"));
  const said = { stderr: "" };
  child.stderr.on("data", (chunk) => {
    said.stderr += chunk;
  });
  child.stdin.write(`${script}\n`);
  while (!remarks(said.stderr, "n1").has("held")) await delay(10);
  const ended = once(child, "close");
  return {
    child,
    ended,
    say: (word: string) => child.stdin.write(`${word}\n`),
    words: () => remarks(said.stderr, "n1"),
  };
}

const wish = (dir: string, content: string) => [file({ path: `${dir}/f`, content, owner })];

const planned = ({ events }: LocalRun) => events.filter(({ kind }) => kind === "planned");

t.test("who finds the host held changes nothing; who waits plans anew", async (t) => {
  const dir = t.testdir({ f: "before" });
  const first = await other(t, dir);
  const refused = await convergeLocally(t, dir, wish(dir, "mine"));
  t.type(refused.error, LockedError);
  t.match(refused.error, { holder: /^eve@laptop, site\.mts, since \S+ \(run e5e5e5e5\)$/ });
  t.same(planned(refused), [], "what was seen while another run was at work is no plan");
  const waited = await convergeLocally(t, dir, wish(dir, "mine"), {
    lockWaitSeconds: 30,
    heard({ kind }) {
      if (kind !== "waiting") return;
      writeFileSync(`${dir}/f`, "eve's");
      first.say("release");
    },
  });
  t.equal(waited.error, undefined);
  t.match(waited.events, [
    { kind: "phase" },
    { kind: "waiting", reason: /^another run: eve@laptop/ },
    { kind: "phase" },
    { kind: "planned", steps: [{ changes: [{ text: { before: "eve's", after: "mine" } }] }] },
  ]);
  t.notOk(waited.events.some(({ kind }) => kind === "taken-over"));
});

t.test("a host that was changed between the look and the lock is looked at again", async (t) => {
  const dir = t.testdir();
  await convergeLocally(t, dir, wish(dir, "one"));
  t.equal(readFileSync(`${statePaths(dir).state}/turn`, "utf8"), "2\n");
  const again = await convergeLocally(t, dir, wish(dir, "two"));
  t.equal(again.execs, 4, "facts, the look, the lock, the change with its proof");
  writeFileSync(`${statePaths(dir).state}/turn`, "5\n");
  const afterDeath = await convergeLocally(t, dir, wish(dir, "three"));
  t.equal(afterDeath.execs, 5, "odd: a run died, and nobody knows when it stopped changing the host");
});

t.test("two runs at once never mix, in 20 rounds", async (t) => {
  const dir = t.testdir({ told: "" });
  const work = (who: string) => ({
    resources: ["a", "b", "c"].map((name) =>
      file({ path: `${dir}/${name}`, content: who, owner }, { notify: ["tell"] }),
    ),
    handlers: {
      tell: sh`sleep 0.05; echo "$(cat ${["a", "b", "c"].map((name) => `${dir}/${name}`)})" >>${`${dir}/told`}`,
    },
  });
  const run = (who: string, lockWaitSeconds: number) => {
    const { resources, handlers } = work(who);
    return convergeLocally(t, dir, resources, { handlers, lockWaitSeconds, operation: { run: who, operator: who } });
  };
  const refused: unknown[] = [];
  for (let round = 0; round < 20; round++) {
    const runs = await Promise.all([run("A", round % 2 === 0 ? 30 : 0), run("B", round % 2 === 0 ? 30 : 0)]);
    refused.push(...runs.flatMap(({ error }) => error ?? []));
    if (round % 2 === 0)
      t.same(
        runs.map(({ error }) => error),
        [undefined, undefined],
      );
  }
  const told = readFileSync(`${dir}/told`, "utf8").trim().split("\n");
  t.same([...new Set(told)].sort(), ["AAA", "BBB"], "no handler ever saw both");
  t.ok(refused.every((error) => error instanceof LockedError));
});

t.test("what this run left behind when it was cut: the shell is ended, the script is waited for", async (t) => {
  const dir = t.testdir();
  const operation = { ...eve, run: "r1" };
  const left = await other(t, dir, { operation });
  const script = spawn("sh", [
    "-c",
    `exec 9>>"$0/lock.script"; flock 9; echo; sleep 2; : >"$0/done"`,
    statePaths(dir).state,
  ]);
  await once(script.stdout, "data");
  const started = performance.now();
  const run = await convergeLocally(t, dir, [
    command({
      name: "after",
      run: sh`[ -e ${`${statePaths(dir).state}/done`} ]; : >${`${dir}/after`}`,
      creates: `${dir}/after`,
    }),
  ]);
  t.equal(run.error, undefined);
  t.ok(performance.now() - started > 1500);
  await left.ended;
  t.equal(left.child.signalCode, "SIGKILL");
  t.notOk(
    run.events.some(({ kind }) => kind === "taken-over"),
    "nobody died",
  );
});

t.test("a script that goes on without its run is waited for, and said", async (t) => {
  const dir = t.testdir();
  const gone = await other(t, dir);
  const { state } = statePaths(dir);
  const script = spawn("sh", ["-c", `exec 9>>"$0/lock.script"; flock 9; echo; read -r _`, state]);
  await once(script.stdout, "data");
  gone.child.kill("SIGKILL");
  await gone.ended;
  const run = await convergeLocally(t, dir, wish(dir, "x"), {
    heard: ({ kind }) => kind === "waiting" && script.stdin.end("\n"),
  });
  t.equal(run.error, undefined);
  t.match(
    run.events.find(({ kind }) => kind === "waiting"),
    { reason: /^a script that goes on without its run: eve@laptop/ },
  );
});

t.test("what a run left that died goes with the next, also where nothing is to be changed", async (t) => {
  const dir = t.testdir();
  const { state } = statePaths(dir);
  await convergeLocally(t, dir, wish(dir, "x"));
  const gone = await other(t, dir);
  gone.child.kill("SIGKILL");
  await gone.ended;
  for (const folder of ["early/0", "previous/app%3A%20restart", "previous/a+b", "previous/services/local/files"])
    mkdirSync(`${state}/${folder}`, { recursive: true });
  writeFileSync(`${state}/pending/b`, "");
  const run = await convergeLocally(t, dir, wish(dir, "x"));
  t.same([run.error, run.progress.changed.size], [undefined, 0]);
  t.same(
    ["early", "previous/app%3A%20restart", "previous/services/local", "holder"].filter((name) =>
      existsSync(`${state}/${name}`),
    ),
    [],
  );
  t.ok(existsSync(`${state}/previous/a+b`), "a handler of another role still waits for that");
  const next = await convergeLocally(t, dir, wish(dir, "x"));
  t.equal(next.execs, 2, "facts and a look, as ever");
  const busy = await other(t, dir);
  t.equal(
    (await convergeLocally(t, dir, wish(dir, "x"))).error,
    undefined,
    "who has nothing to do is not kept by a lock",
  );
  busy.say("release");
  await busy.ended;
});

t.test("nor does it stay where what is left to change is done, meanwhile, by the dead run's own script", async (t) => {
  const dir = t.testdir();
  const { state } = statePaths(dir);
  await convergeLocally(t, dir, wish(dir, "x"));
  const gone = await other(t, dir);
  mkdirSync(`${state}/early/0`, { recursive: true });
  const script = spawn("sh", ["-c", `exec 9>>"$0/lock.script"; flock 9; echo; read -r _`, state]);
  await once(script.stdout, "data");
  gone.child.kill("SIGKILL");
  await gone.ended;
  writeFileSync(`${dir}/f`, "not yet");
  const run = await convergeLocally(t, dir, wish(dir, "x"), {
    heard({ kind }) {
      if (kind !== "waiting") return;
      writeFileSync(`${dir}/f`, "x");
      script.stdin.end("\n");
    },
  });
  t.same([run.error, run.progress.changed.size], [undefined, 0]);
  t.notOk(existsSync(`${state}/early`));
  t.equal((await convergeLocally(t, dir, wish(dir, "x"))).execs, 2, "and the next one finds nothing of it");
});

t.test("another name of the same machine in one run is waited for", async (t) => {
  const dir = t.testdir();
  const left = await other(t, dir, { operation: { ...eve, run: "r1" }, machine: "alias" });
  const running = convergeLocally(t, dir, wish(dir, "x"));
  await delay(1500);
  t.equal(left.child.exitCode, null);
  left.say("release");
  t.equal((await running).error, undefined);
  await left.ended;
});

t.test("a lock that is taken away in the middle ends the run before its next script", async (t) => {
  const dir = t.testdir();
  const paths = statePaths(dir);
  const run = await convergeLocally(t, dir, [file({ path: `${dir}/f`, content: "x", owner }, { notify: ["tell"] })], {
    handlers: { tell: sh`: >${`${dir}/told`}` },
    heard: ({ kind }) => kind === "applied" && runSections(["dash"], [breakLock(paths)]),
  });
  t.type(run.error, LockedError);
  t.notOk(existsSync(`${dir}/told`));
  const next = await convergeLocally(t, dir, wish(dir, "x"), { handlers: { tell: sh`: >${`${dir}/told`}` } });
  t.equal(next.error, undefined);
  t.ok(existsSync(`${dir}/told`), "the handler was not forgotten");
});

t.test("a run that is asked to end finishes what is under way, and names what it did not reach", async (t) => {
  const dir = t.testdir();
  const ending = new AbortController();
  const step = (name: string, script: Script) =>
    command({ name, run: sh`${script}; : >${`${dir}/${name}`}`, creates: `${dir}/${name}` });
  const running = convergeLocally(
    t,
    dir,
    [
      step("one", sh`: >${`${dir}/began`}; sleep 1`),
      step("two", sh`:`),
      file({ path: `${dir}/f`, content: "x", owner }),
    ],
    { signal: ending.signal },
  );
  while (!existsSync(`${dir}/began`)) await delay(10);
  ending.abort();
  const { error, progress } = await running;
  t.type(error, InterruptedError);
  t.match(error, { left: ["command two", `file ${dir}/f`] });
  t.same([existsSync(`${dir}/one`), existsSync(`${dir}/two`)], [true, false]);
  t.same([...progress.changed], ["command one"]);
  t.same(runSections(["dash"], [lockProbe(statePaths(dir))])[0]?.stdout, "", "the lock is free");
  t.equal((await convergeLocally(t, dir, wish(dir, "x"))).error, undefined, "and the next run goes on");
});

t.test("state that a broken disk left blocks nobody", async (t) => {
  const broken = ["\u0000\u0001", "999999999999999999999999", "", "-1", "1 2\n3", "$(: >ran)`: >ran`", "\xff\xfe"];
  for (const text of broken) {
    const dir = t.testdir();
    const { state } = statePaths(dir);
    mkdirSync(`${state}/pending`, { recursive: true });
    for (const name of ["turn", "holder", "stop", "pending/%zz", "pending/a%00b"])
      writeFileSync(`${state}/${name}`, text, "latin1");
    const run = await convergeLocally(t, dir, wish(dir, "x"));
    t.equal(run.error, undefined, JSON.stringify(text));
    t.same(readFileSync(`${dir}/f`, "utf8"), "x");
  }
  t.notOk(existsSync("ran"), "and nothing of it is run");
});

for (const shell of shells) {
  t.test(`the lock's shell (${shell[0]})`, async (t) => {
    const dir = t.testdir();
    const held = await other(t, dir, { shell: [...shell] });
    const asked = () => runSections(shell, [lockProbe(statePaths(dir))])[0]?.stdout;
    t.match(asked(), /^held eve@laptop, site\.mts, since \S+ \(run e5e5e5e5\)\n$/);
    held.say("beat");
    held.say("stop");
    while (!existsSync(`${statePaths(dir).state}/stop`)) await delay(10);
    held.say("release");
    await held.ended;
    t.equal(asked(), "");
    t.notOk(existsSync(`${statePaths(dir).state}/holder`));
    const quiet = await other(t, dir, { shell: [...shell] });
    quiet.child.stdin.end();
    await quiet.ended;
    t.equal(asked(), "", "an input that ends frees the host");
    const next = await other(t, dir, { shell: [...shell], operation: { ...eve, run: "f6f6f6f6" } });
    t.match(next.words().get("taken-over"), /^eve@laptop/);
    t.equal(next.words().get("held"), "3", "odd: it did not say goodbye");
    runSections(shell, [breakLock(statePaths(dir))]);
    await next.ended;
    t.equal(asked(), "");
  });

  t.test(`a controller that is gone without a word frees the host (${shell[0]})`, async (t) => {
    const dir = t.testdir();
    const script = holdLock("n1", { operation: eve, machine: "local" }, 0, statePaths(dir)).text.replace(
      "timeout 60",
      "timeout 1",
    );
    t.match(script, "timeout 1");
    const [program = "sh", ...args] = shell;
    const child = spawn(program, [...args, "-s"], { stdio: ["pipe", "ignore", "ignore"] });
    child.stdin.write(`while :; do\n${script}\nbreak; done; exit 0\n`);
    const [code] = await once(child, "close");
    t.equal(code, 0);
    t.ok(existsSync(`${statePaths(dir).state}/holder`), "the next run is told");
  });
}
