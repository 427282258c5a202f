import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import t, { type Test } from "tap";
import { againScript } from "../../../roles/log-agent/again.ts";
import { ROTATED } from "../../../roles/log-agent/rotated.ts";
import { shells } from "../../support/shells.ts";

// Each agent that is started waits for a second, in three shells.
t.setTimeout(120_000);

const NOW = Math.floor(Date.now() / 1000);

/** A host with a log folder, on which an agent said last how far it had read a minute ago. */
function host(t: Test, [shell = "sh", ...args]: readonly string[], pattern = "*.log") {
  const dir = t.testdir({ state: { "positions.yaml": "" }, logs: {} });
  const [state, logs] = [`${dir}/state`, `${dir}/logs`];
  const aged = (path: string, seconds: number) => utimesSync(path, NOW - seconds, NOW - seconds);
  aged(`${state}/positions.yaml`, 60);
  const script = againScript(
    { state, positions: `${state}/positions.yaml`, legacyPositions: `${state}/promtail-positions.yaml` },
    { app_logs: `${logs}/${pattern}`, app_logs_exclude: ROTATED },
  ).text;
  const run = (when: string, env: NodeJS.ProcessEnv = {}) =>
    execFileSync(shell, [...args, "-c", script, "again", when], { env: { ...process.env, ...env }, stdio: "pipe" });
  const copies = () => {
    const folders = readdirSync(state).includes("again") ? readdirSync(`${state}/again`) : [];
    return folders.flatMap((one) => readdirSync(`${state}/again/${one}`)).sort();
  };
  return {
    state,
    logs,
    write(name: string, seconds: number) {
      writeFileSync(`${logs}/${name}`, `${name}\n`);
      aged(`${logs}/${name}`, seconds);
    },
    rename: (from: string, to: string) => renameSync(`${logs}/${from}`, `${logs}/${to}`),
    endsWell: () => run("stop", { SERVICE_RESULT: "success" }),
    isKilled: () => run("stop", { SERVICE_RESULT: "signal" }),
    /** Names of the copies that a start makes, in order. */
    starts() {
      run("start");
      return copies();
    },
    /** Starts where `tail` is another program; returns the signal that ended the script, and the copies. */
    startsWith(tail: string) {
      mkdirSync(`${dir}/bin`, { recursive: true });
      writeFileSync(`${dir}/bin/tail`, `#!/bin/sh\n${tail}\n`, { mode: 0o755 });
      try {
        run("start", { PATH: `${dir}/bin:${process.env.PATH}` });
        return { signal: null, copies: copies() };
      } catch (error) {
        return { signal: (error as { signal: string | null }).signal, copies: copies() };
      }
    },
    /** The same of an agent that runs now: this process. */
    runs() {
      run("started", { MAINPID: String(process.pid) });
      return copies();
    },
  };
}

for (const shell of shells) {
  t.test(`killed, it reads all once more that was written lately (${shell[0]})`, async (t) => {
    const { write, isKilled, starts, state, logs } = host(t, shell);
    for (const [name, seconds] of [
      ["app.log", 1],
      ["a b.log", 600],
      ["app.2026-11-26.0.log", 120],
      ["app.log.1", 300],
      ["app.log-20261126", 300],
      ["old.log", 700],
      ["app.2026-11-25.log", 5000],
      ["app.log.2.gz", 1],
      ["other.txt", 1],
    ] as const)
      write(name, seconds);
    isKilled();
    t.same(starts(), ["a b.log", "app.2026-11-26.0.log", "app.log", "app.log-20261126", "app.log.1"]);
    const [first = ""] = readdirSync(`${state}/again`).filter((one) =>
      one.endsWith(`-${statSync(`${logs}/app.log`).ino}`),
    );
    t.equal(readFileSync(`${state}/again/${first}/app.log`, "utf8"), "app.log\n");
  });

  t.test(`ended in good order, it reads once more what was rotated or begun meanwhile (${shell[0]})`, async (t) => {
    const { write, rename, endsWell, starts } = host(t, shell);
    write("app.log", 30);
    write("access.log", 30);
    endsWell();
    t.same(starts(), [], "it goes on where it was");
    endsWell();
    rename("app.log", "app.2026-11-26.log");
    write("app.log", 1);
    t.same(starts(), ["app.2026-11-26.log", "app.log"]);
    endsWell();
    t.same(starts(), [], "copies are of one start");
  });

  t.test(`what is renamed before it has opened it, it reads once more to its end (${shell[0]})`, async (t) => {
    const { write, rename, endsWell, starts, runs, state, logs } = host(t, shell);
    write("app.log", 30);
    write("access.log", 30);
    endsWell();
    t.same(starts(), []);
    appendFileSync(`${logs}/app.log`, "the last line\n");
    rename("app.log", "app.2026-11-26.log");
    write("app.log", 0);
    const open = openSync(`${logs}/app.log`, "r");
    t.teardown(() => closeSync(open));
    t.same(runs(), ["app.2026-11-26.log", "app.log"]);
    const folders = readdirSync(`${state}/again`).map((one) => `${state}/again/${one}/app.2026-11-26.log`);
    const [copy = ""] = folders.filter((path) => existsSync(path));
    t.match(readFileSync(copy, "utf8"), /the last line\n$/);
  });

  t.test(`where nothing is renamed meanwhile, nothing is read once more (${shell[0]})`, async (t) => {
    const { write, endsWell, starts, runs, logs } = host(t, shell);
    write("app.log", 30);
    endsWell();
    t.same(starts(), []);
    const open = openSync(`${logs}/app.log`, "r");
    t.teardown(() => closeSync(open));
    appendFileSync(`${logs}/app.log`, "more\n");
    t.same(runs(), []);
  });

  t.test(`killed, what it copied and what grew since it reads once more as it is then (${shell[0]})`, async (t) => {
    const { write, isKilled, starts, runs, state, logs } = host(t, shell);
    write("app.log", 1);
    write("idle.log", 1);
    isKilled();
    t.same(starts(), ["app.log", "idle.log"]);
    appendFileSync(`${logs}/app.log`, "more\n");
    const open = openSync(`${logs}/app.log`, "r");
    t.teardown(() => closeSync(open));
    t.same(runs(), ["app.log", "app.log", "idle.log"]);
    const texts = readdirSync(`${state}/again`)
      .map((one) => `${state}/again/${one}/app.log`)
      .filter((path) => existsSync(path))
      .map((path) => readFileSync(path, "utf8"));
    t.same(texts.sort(), ["app.log\n", "app.log\nmore\n"]);
  });

  t.test(`one that cannot be copied leaves the others (${shell[0]})`, async (t) => {
    // busybox has tail in itself.
    if (shell[0] === "busybox") return;
    const { write, isKilled, startsWith, state } = host(t, shell);
    for (const name of ["a.log", "b.log", "c.log"]) write(name, 1);
    isKilled();
    const { signal } = startsWith(`case "$*" in *b.log) exit 1 ;; esac; exec /usr/bin/tail "$@"`);
    t.equal(signal, null);
    const whole = readdirSync(`${state}/again`).flatMap((one) =>
      readdirSync(`${state}/again/${one}`).filter((name) => statSync(`${state}/again/${one}/${name}`).size > 0),
    );
    t.same(whole.sort(), ["a.log", "c.log"]);
  });

  t.test(`killed while it copies, it ends with that signal, and a next start copies all (${shell[0]})`, async (t) => {
    if (shell[0] === "busybox") return;
    const { write, isKilled, endsWell, starts, startsWith } = host(t, shell);
    for (const name of ["a.log", "b.log"]) write(name, 1);
    isKilled();
    t.equal(startsWith("kill -9 $PPID").signal, "SIGKILL", "systemd takes it for a failure and starts anew");
    t.same(starts(), ["a.log", "b.log"]);
    endsWell();
    write("b.log", 0);
    write("c.log", 0);
    t.equal(startsWith("kill -9 $PPID").signal, "SIGKILL");
    isKilled();
    t.same(starts(), ["c.log"], "what was in good order stays so until it runs");
    isKilled();
    t.same(starts(), ["a.log", "b.log", "c.log"]);
  });

  t.test(`without positions it reads once more what was rotated last, up to 256 MB (${shell[0]})`, async (t) => {
    const { write, starts, state, logs } = host(t, shell);
    rmSync(`${state}/positions.yaml`);
    for (const [name, seconds] of [
      ["app.log", 1],
      ["access.log", 900],
      ["app.2026-11-26.1.log", 5000],
      ["app.2026-11-26.0.log", 90_000],
    ] as const)
      write(name, seconds);
    t.same(starts(), ["app.2026-11-26.0.log", "app.2026-11-26.1.log"], "what is followed is read from its beginning");
    write("app.2026-11-25.9.log", 95_000);
    truncateSync(`${logs}/app.2026-11-26.0.log`, 256 * 1024 * 1024 - 10);
    utimesSync(`${logs}/app.2026-11-26.0.log`, NOW - 90_000, NOW - 90_000);
    t.same(starts(), ["app.2026-11-26.1.log"], "the newest first, and no more than that");
    writeFileSync(`${state}/promtail-positions.yaml`, "");
    t.same(starts(), [], "another agent has read them");
  });

  t.test(`one file is one file, and no other with its name in front (${shell[0]})`, async (t) => {
    const { write, starts } = host(t, shell, "app.log");
    for (const name of ["app.log", "app.2026-11-26.log", "app-1.log", "app.log.1", "app-sql.log", "apple.log"])
      write(name, 1);
    t.same(starts(), ["app-1.log", "app.2026-11-26.log", "app.log", "app.log.1"]);
  });
}
