import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, renameSync, writeFileSync } from "node:fs";
import t, { type Test } from "tap";
import { globMatches } from "../../../engine/format/glob.ts";
import { againScript } from "../../../roles/log-agent/again.ts";
import { ROTATED } from "../../../roles/log-agent/rotated.ts";
import { alternatives } from "../../../roles/log-agent/to-the-end.ts";
import { shells } from "../../support/shells.ts";

/** A host whose agent is this process. Its clock goes on by a second at each look, and its `sleep` takes no time. */
function host(t: Test, [shell = "sh", ...args]: readonly string[], exclude = ROTATED) {
  const dir = t.testdir({ state: { again: { "1-1": {} } }, logs: {}, bin: {}, clock: "0" });
  const [state, logs] = [`${dir}/state`, `${dir}/logs`];
  const program = (name: string, text: string) =>
    writeFileSync(`${dir}/bin/${name}`, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  program("date", `read n <${dir}/clock; echo $((n + 1)) >${dir}/clock; echo "$n"`);
  program("sleep", "");
  program("systemctl", "echo running");
  const app = { app_logs: `${logs}/*.log`, app_logs_exclude: exclude };
  const script = againScript({ state, positions: `${state}/positions.yaml` }, app).text;
  const run = async (options: readonly string[], env: NodeJS.ProcessEnv) => {
    const child = spawn(shell, [...args, ...options, script, "again", "stopping"], { env: { ...process.env, ...env } });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    const [code] = await once(child, "close");
    return { code, stderr };
  };
  return {
    dir,
    logs,
    copies: `${state}/again/1-1`,
    program,
    /** The machine goes down, and this happens meanwhile, at each look. */
    goesDown: (meanwhile = "") => program("systemctl", `echo stopping\n${meanwhile}`),
    /** How many times it looked before it let the agent end. */
    async stops(env: NodeJS.ProcessEnv = { MAINPID: String(process.pid) }): Promise<number> {
      writeFileSync(`${dir}/clock`, "0\n");
      const { code, stderr } = await run(["-c"], { PATH: `${dir}/bin:${process.env.PATH}`, ...env });
      t.same({ code, stderr }, { code: 0, stderr: "" });
      return Number(readFileSync(`${dir}/clock`, "utf8"));
    },
    /** The commands that it ran, as the shell tells them. */
    traced: async () => (await run(["-x", "-c"], { MAINPID: String(process.pid) })).stderr,
    /** What an agent does with a file: it opens it, and reads so much of it. */
    reads(path: string, bytes: number): number {
      const file = openSync(path, "r");
      t.teardown(() => closeSync(file));
      if (bytes > 0) readSync(file, Buffer.alloc(bytes));
      return file;
    },
  };
}

/** Looks: one where all is read; until it is out of patience; until nothing was written for long enough; and the same at the end. */
const [AT_ONCE, AT_LAST, QUIET, AT_THE_VERY_LAST] = [1, 4, 6, 13];

for (const shell of shells) {
  // busybox has date, sleep and tail in itself.
  if (shell[0] === "busybox") continue;

  t.test(`it waits until the agent has read what it follows to its end (${shell[0]})`, async (t) => {
    const { logs, stops, reads } = host(t, shell);
    writeFileSync(`${logs}/a b.log`, "12345\n");
    writeFileSync(`${logs}/empty.log`, "");
    t.equal(await stops(), AT_LAST, "it has not opened it");
    const file = reads(`${logs}/a b.log`, 3);
    t.equal(await stops(), AT_LAST, "it is in the middle");
    readSync(file, Buffer.alloc(3));
    t.equal(await stops(), AT_ONCE);
  });

  t.test(`what it does not follow counts only where it has it open (${shell[0]})`, async (t) => {
    const { logs, stops, reads } = host(t, shell);
    for (const name of ["app.2026-11-26.log", "app.1.log", "app.log.2", "other.txt"])
      writeFileSync(`${logs}/${name}`, "12345\n");
    t.equal(await stops(), AT_ONCE);
    writeFileSync(`${logs}/app.log`, "12345\n");
    const file = reads(`${logs}/app.log`, 3);
    renameSync(`${logs}/app.log`, `${logs}/app.2026-11-27.log`);
    t.equal(await stops(), AT_LAST, "the end of what was renamed meanwhile");
    readSync(file, Buffer.alloc(3));
    t.equal(await stops(), AT_ONCE);
  });

  t.test(`copies are read to their end, but for what nobody wants (${shell[0]})`, async (t) => {
    const usual = host(t, shell);
    writeFileSync(`${usual.copies}/app.2026-11-26.log`, "12345\n");
    t.equal(await usual.stops(), AT_LAST);
    usual.reads(`${usual.copies}/app.2026-11-26.log`, 6);
    t.equal(await usual.stops(), AT_ONCE);
    await t.test("app_logs_exclude of one's own", async (t) => {
      const own = host(t, shell, "{debug*,*.tmp.log}");
      for (const folder of [own.copies, own.logs])
        for (const name of ["debug.log", "a.tmp.log"]) writeFileSync(`${folder}/${name}`, "12345\n");
      t.equal(await own.stops(), AT_ONCE);
    });
  });

  t.test(`on a machine that goes down it waits until nobody writes any more, and longer (${shell[0]})`, async (t) => {
    const { logs, dir, stops, reads, goesDown, program } = host(t, shell);
    writeFileSync(`${logs}/app.log`, "12345\n");
    const file = reads(`${logs}/app.log`, 6);
    goesDown();
    t.equal(await stops(), QUIET);
    program("sleep", `[ -e ${dir}/wrote ] || echo 12345 >>${logs}/app.log; : >${dir}/wrote`);
    t.equal(await stops(), AT_THE_VERY_LAST, "what is written while it waits is read as well");
    t.ok(existsSync(`${dir}/wrote`));
    readSync(file, Buffer.alloc(6));
    t.equal(await stops(), QUIET);
  });

  t.test(`an agent that ended by itself is not waited for (${shell[0]})`, async (t) => {
    const { logs, stops } = host(t, shell);
    writeFileSync(`${logs}/app.log`, "12345\n");
    t.equal(await stops({ MAINPID: undefined }), 0);
  });
}

for (const shell of shells)
  t.test(`with the shell's own programs it is the same (${shell[0]})`, async (t) => {
    const { logs, traced, reads } = host(t, shell);
    mkdirSync(`${logs}/folder.log`);
    writeFileSync(`${logs}/app.log`, "12345\n");
    const file = reads(`${logs}/app.log`, 3);
    t.match(await traced(), /sleep 0\.1/);
    readSync(file, Buffer.alloc(3));
    t.notMatch(await traced(), /sleep 0\.1/);
  });

t.test("a glob without its braces takes the same names", async (t) => {
  const NAMES = [
    "app.log",
    "app.2026-11-27.log",
    "app-20261127.log",
    "app.1.log",
    "api-1.2.log",
    "app.log.gz",
    "a{b}.log",
    "x,y",
  ];
  for (const glob of [ROTATED, "*.log", "{a,b{c,d}*}*", "a\\{b\\}*", "{x\\,y,[^a]*}", "app?[!a].*"])
    for (const name of NAMES)
      t.equal(
        alternatives(glob).some((one) => globMatches(one, name)),
        globMatches(glob, name),
        `${glob} ${name}`,
      );
});
