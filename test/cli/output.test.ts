import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import t, { type Test } from "tap";
import { isLive, wantsColour } from "../../engine/cli/streams.ts";
import { typescript } from "../support/program.ts";

/** A playbook for this machine, for check mode: one command, whose probe takes as long as a var says. */
const PLAYBOOK = `
import { command, definePlaybook, defineRole, reveal, runPlaybook, secret, sh, string } from "${resolve("engine/index.ts")}";
const demo = defineRole({
  name: "demo",
  vars: { seconds: string("how long the probe takes"), password: secret("shown by a role that knows no better") },
  resources: ({ seconds, password }) => [
    command({ name: "as " + reveal(password), run: sh\`false\`, unless: sh\`sleep \${seconds}; false\` }),
  ],
});
await runPlaybook(definePlaybook([{ hosts: "all", roles: [demo], become: false }]), import.meta.url);
`;

const INVENTORY = `
all:
  hosts: {here: {}, here-too: {}}
  vars: {ansible_connection: local, seconds: "0", password: !env DEMO_PASSWORD}
`;

const PASSWORD = "pä ss&w0rd";

/** The command line for the playbook and its inventory in a folder of their own. */
function commandLine(t: Test, ...args: readonly string[]): readonly string[] {
  const dir = t.testdir({ "play.mts": PLAYBOOK, "hosts.yml": INVENTORY });
  return [process.execPath, typescript, `${dir}/play.mts`, "-i", `${dir}/hosts.yml`, "-C", "-e", ...args];
}

function environment(more: Readonly<Record<string, string>> = {}): Record<string, string | undefined> {
  const { CI: _ci, FORCE_COLOR: _force, NO_COLOR: _no, ...env } = process.env;
  return { ...env, DEMO_PASSWORD: PASSWORD, ...more };
}

interface Running {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly said: { stdout: string; stderr: string };
  /** The exit code. */
  readonly ended: Promise<unknown>;
  /** Resolves when stdout has this. */
  until(text: string): Promise<void>;
}

function start([file = "", ...args]: readonly string[], env?: Readonly<Record<string, string>>): Running {
  const child = spawn(file, args, { env: environment(env), stdio: ["ignore", "pipe", "pipe"] });
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      said[stream] += text;
    });
  return {
    child,
    said,
    ended: once(child, "close").then(([code]) => code),
    async until(text) {
      while (!said.stdout.includes(text)) await once(child.stdout, "data");
    },
  };
}

t.test(
  "--json has events on stdout and nothing else; people read the same run on stderr; both without secrets",
  async (t) => {
    const junit = `${t.testdir()}/ci/report.xml`;
    const { said, ended } = start(commandLine(t, "seconds=0", "--json", "--diff", "-v", "--junit", junit));
    t.equal(await ended, 0, said.stderr);
    const kinds = said.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).kind);
    t.same([kinds[0], kinds.at(-1)], ["started", "finished"]);
    t.match(said.stderr, /here {6}.*would change {2}command as \*{8}/);
    const xml = readFileSync(junit, "utf8");
    t.match(xml, /<testcase classname="here-too" name="command as \*{8}" file=".*play.mts" line="\d+">/);
    const spellings = [PASSWORD, "w0rd", Buffer.from(PASSWORD).toString("base64"), encodeURIComponent(PASSWORD)];
    for (const text of [said.stdout, said.stderr, xml])
      t.same(
        spellings.filter((spelling) => text.includes(spelling)),
        [],
      );
  },
);

const signals = [
  { signal: "SIGINT", code: 130 },
  { signal: "SIGTERM", code: 143 },
] as const;

for (const { signal, code } of signals) {
  t.test(`${signal} ends the run: where each host stands, a recap, the JUnit file, exit ${code}`, async (t) => {
    const junit = `${t.testdir()}/report.xml`;
    const { child, said, ended, until } = start(commandLine(t, "seconds=60", "--json", "--junit", junit));
    await until(`"host":"here-too","phase":"probe"`);
    child.kill(signal);
    t.equal(await ended, code);
    t.match(said.stderr, /here-too +[\d.]+s {2}INTERRUPTED {3}interrupted during probes\n/, "text, beside events");
    t.match(said.stderr, "RECAP  2 hosts: 2 interrupted");
    t.match(said.stderr, "next      nothing was being changed here at that moment; run again");
    t.match(readFileSync(junit, "utf8"), `<error type="interrupted" message="interrupted during probes">`);
    t.match(said.stdout.trimEnd().split("\n").at(-1), /"kind":"finished"/);
  });
}

const CHANGES = `
import { command, definePlaybook, defineRole, runPlaybook, sh, string } from "${resolve("engine/index.ts")}";
const demo = defineRole({
  name: "demo",
  vars: { dir: string("a folder") },
  resources: ({ dir }) =>
    ["one", "two"].map((name) =>
      command({ name, run: sh\`: >\${dir}/began; sleep 2; : >\${dir}/\${name}\`, creates: dir + "/" + name }),
    ),
});
await runPlaybook(definePlaybook([{ hosts: "all", roles: [demo], become: false }]), import.meta.url);
`;

t.test(
  "the first Ctrl-C finishes the change that is under way, and names what was not reached",
  // The lock lies where root may write.
  { skip: process.getuid?.() === 0 ? false : "needs root" },
  async (t) => {
    const hosts = { all: { hosts: { here: { ansible_connection: "local" } } } };
    const dir = t.testdir({ "play.mts": CHANGES, "hosts.yml": JSON.stringify(hosts) });
    const { child, said, ended } = start([
      process.execPath,
      typescript,
      `${dir}/play.mts`,
      "-i",
      `${dir}/hosts.yml`,
      "-e",
      `dir=${dir}`,
      "--lock-wait",
      "60",
    ]);
    while (!existsSync(`${dir}/began`)) await delay(20);
    child.kill("SIGINT");
    t.equal(await ended, 130);
    t.same([existsSync(`${dir}/one`), existsSync(`${dir}/two`)], [true, false]);
    t.match(said.stdout, "INTERRUPTED   interrupted; not reached: command two");
    t.match(said.stdout, /next +what was under way is finished, and the host's lock is free/);
    t.match(said.stderr, "Ends once the changes that are under way are made.");
  },
);

t.test("a second Ctrl-C does not wait for anything", async (t) => {
  const { child, ended, until } = start(commandLine(t, "seconds=60", "--json"));
  await until(`"phase":"probe"`);
  child.kill("SIGINT");
  child.kill("SIGINT");
  t.equal(await ended, 130);
});

t.test("the text is the program's output: all of it on stdout, nothing on stderr", async (t) => {
  const { said, ended } = start(commandLine(t, "seconds=0"));
  t.equal(await ended, 0);
  t.match(said.stdout, /^play\.mts|^.*play\.mts · inventory .*\n[\s\S]*\nRECAP {2}2 hosts: 2 changed/);
  t.equal(said.stderr, "");
});

t.test("a crowd of hosts at once is no leak of listeners", async (t) => {
  const hosts = Object.fromEntries(Array.from({ length: 14 }, (_, index) => [`h${index}`, {}]));
  const vars = { ansible_connection: "local", seconds: "0", password: "!env DEMO_PASSWORD" };
  const dir = t.testdir({ "play.mts": PLAYBOOK, "hosts.json": JSON.stringify({ all: { hosts, vars } }) });
  const args = ["-i", `${dir}/hosts.json`, "-C", "--forks", "14"];
  const { said, ended } = start([process.execPath, typescript, `${dir}/play.mts`, ...args]);
  t.equal(await ended, 0);
  t.match(said.stdout, "14 hosts");
  t.equal(said.stderr, "");
});

for (const { name, args, first } of [
  { name: "events", args: ["--json"], first: `"kind":"started"` },
  { name: "text", args: [], first: "inventory" },
]) {
  t.test(`a reader of ${name} that goes away is no error: no stack trace, the exit code is the run's`, async (t) => {
    const { child, said, ended, until } = start(commandLine(t, "seconds=1", ...args));
    await until(first);
    child.stdout.destroy();
    t.equal(await ended, 0);
    if (args.length > 0) t.match(said.stderr, "RECAP");
    t.notMatch(said.stderr, /EPIPE|at .*:\d+:\d+/);
  });
}

t.test("a JUnit file that cannot be written is refused before any host is contacted", async (t) => {
  const { said, ended } = start(commandLine(t, "seconds=0", "--junit", "/dev/null/report.xml"));
  t.equal(await ended, 1);
  t.match(said.stderr, /^--junit: found \/dev\/null\/report\.xml \(EEXIST.*\), expected .*\n$/);
});

t.test("on a pipe lines are plain; FORCE_COLOR colours them", async (t) => {
  const line = commandLine(t, "seconds=0");
  const plain = start(line);
  await plain.ended;
  t.notMatch(plain.said.stdout, "\x1b");
  const coloured = start(line, { FORCE_COLOR: "1" });
  await coloured.ended;
  t.match(coloured.said.stdout, "\x1b[1mRECAP");
});

const hasScript = spawnSync("script", ["-qec", "true", "/dev/null"]).status === 0;

t.test("on a terminal lines move", { skip: hasScript ? false : "needs script of util-linux" }, async (t) => {
  const args = commandLine(t, "seconds=1")
    .map((arg) => `'${arg}'`)
    .join(" ");
  const script = (env: string) =>
    start(["script", "-qec", `stty rows 24 cols 80; ${env} ${args}`, "/dev/null"], { TERM: "xterm" });
  const live = script("");
  const inCi = script("CI=true NO_COLOR=1");
  t.same([await live.ended, await inCi.ended], [0, 0]);
  t.match(live.said.stdout, /here +\d\.\ds {2}… probing 1 resource {2}\d\.\ds/);
  t.match(live.said.stdout, "RECAP");
  const logged = start(["script", "-qec", `${args} | cat`, "/dev/null"], { TERM: "xterm" });
  await logged.ended;
  for (const moving of ["\x1b", "…"]) t.notMatch(logged.said.stdout, moving, "stdout is a pipe, stderr a terminal");
  for (const moving of ["\x1b", "…"]) t.notMatch(inCi.said.stdout, moving);
  t.match(inCi.said.stdout, "RECAP");
});

const streams = [
  { name: "a terminal", tty: true, env: {}, colour: true, live: true },
  { name: "a pipe", tty: false, env: {}, colour: false, live: false },
  { name: "a terminal with NO_COLOR", tty: true, env: { NO_COLOR: "1" }, colour: false, live: true },
  { name: "a terminal with an empty NO_COLOR", tty: true, env: { NO_COLOR: "" }, colour: true, live: true },
  { name: "a pipe with FORCE_COLOR", tty: false, env: { FORCE_COLOR: "1", NO_COLOR: "1" }, colour: true, live: false },
  { name: "a terminal with FORCE_COLOR=0", tty: true, env: { FORCE_COLOR: "0" }, colour: false, live: true },
  { name: "a terminal in CI", tty: true, env: { CI: "true" }, colour: true, live: false },
  { name: "a terminal that knows nothing", tty: true, env: { TERM: "dumb" }, colour: false, live: false },
];

for (const { name, tty, env, colour, live } of streams) {
  t.test(`${name} has ${colour ? "" : "no "}colours and ${live ? "moving" : "plain"} lines`, async (t) => {
    t.same([wantsColour({ isTTY: tty }, env), isLive({ isTTY: tty }, env)], [colour, live]);
  });
}
