import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join, resolve } from "node:path";
import type { Test } from "tap";
import { formatProblem } from "../../engine/inventory/inventory.ts";
import type { Failure } from "../../engine/run/event.ts";
import { notValid } from "./events-schema.ts";
import { type Ended, runFile, typescript } from "./program.ts";
import type { Start } from "./program-host.mts";

type Files = { readonly [name: string]: string | Files };

/** An input that the program has to refuse, and all that it may say then. */
export interface WrongInput {
  readonly name: string;
  /** Text of `hosts.yml`; by default one that is fine. PORT is a port on this machine that counts connections. */
  readonly hosts?: string;
  /** More files beside it. */
  readonly files?: Files;
  /** Of the playbook after its imports, by default one that is fine. */
  readonly playbook?: string;
  /** A playbook of the product, to be run instead. */
  readonly program?: string;
  /** By default `-i DIR/hosts.yml`. DIR is the folder, SHOWN its path as messages show it, here and below. */
  readonly args?: readonly string[];
  /** Behind the default ones. */
  readonly more?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** All of stderr. */
  readonly message: string | RegExp;
  /** 1 unless given. */
  readonly code?: number;
  /** Why its event has found and expected in the message only. */
  readonly textOnly?: string;
}

const HOSTS = "web:\n  hosts:\n    web-1: { host: 127.0.0.1, port: PORT, site_port: 80 }\n";

const PLAYBOOK = "const playbook = [{ hosts: 'web', roles: [role] }];";

/** The imports of every playbook, and a role to play with: `site_port` is required, `words` and `password` are not. */
const head = `import * as hostwright from ${JSON.stringify(resolve("engine/index.ts"))};
const { command, defineRole, file, integer, list, onHost, optional, runPlaybook, secret, sh, string, templatesIn } = hostwright; const template = templatesIn(new URL("./", import.meta.url));
const vars = {
  site_port: integer("p", { minimum: 1, maximum: 65535 }),
  words: list("w", string("w"), { default: [] }),
  password: optional(secret("p")),
};
const role = defineRole({ name: "site", vars, resources: (v) => [file({ path: "/nowhere", content: String(v.site_port) })] });
const roleOf = (resources) => defineRole({ name: "site", vars, resources });
`;

/** Every how many cases one is run as a process of its own too, to see that it makes no difference. */
const SAMPLE = 10;

/** Tests that the program refuses each input with its message, no stack trace, nothing on stdout, the same as data, and no connection. */
export async function refusesInputs(t: Test, inputs: readonly WrongInput[]): Promise<void> {
  const counter = await countConnections(t);
  const host = fork("test/support/program-host.mts", {
    execArgv: [typescript],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  t.teardown(() => host.disconnect());
  for (const [index, input] of inputs.entries()) {
    await t.test(`${input.name} is refused before any host is contacted`, async (t) => {
      const dir = t.testdir({ "hosts.yml": "", ...input.files });
      const start = prepare(input, dir, counter.port);
      const ended = await runIn(host, start);
      check(t, input, { ...ended, stderr: readable(ended.stderr, dir) });
      if (index % SAMPLE === 0)
        t.same(await runFile(start.file, start.args, { env: start.env }), ended, "as a process");
      checkEvent(t, input, ended, await runIn(host, { ...start, args: ["--json", ...start.args] }));
      t.equal(counter.connections(), 0, "no connection was opened");
    });
  }
}

/** Tests that an input without a mistake gets as far as a connection: what counts them works. */
export async function acceptsInput(t: Test): Promise<void> {
  const counter = await countConnections(t);
  const { file, args, env } = prepare({ name: "", message: "" }, t.testdir({}), counter.port);
  const ended = await runFile(file, args, { env });
  t.equal(ended.code, 4, "unreachable");
  t.ok(counter.connections() > 0);
}

function prepare(
  { hosts = HOSTS, playbook = PLAYBOOK, program, args, more = [], env = {} }: WrongInput,
  dir: string,
  port: number,
): Start {
  writeFileSync(join(dir, "hosts.yml"), hosts.replaceAll("PORT", String(port)));
  const file = join(dir, "site.mts");
  writeFileSync(file, `${head}${placed(playbook, dir)}\nawait runPlaybook(playbook, import.meta.url);\n`);
  const all = [...(args ?? ["-i", "DIR/hosts.yml"]), ...more];
  const variables = { HOSTWRIGHT_INVENTORY: "", HOSTWRIGHT_AGE_IDENTITY_FILE: "DIR/age.txt", NO_COLOR: "1", ...env };
  const named = Object.entries(variables).map(([name, value]) => [name, placed(value, dir)]);
  return { file: program ?? file, args: all.map((arg) => placed(arg, dir)), env: Object.fromEntries(named) };
}

function placed(text: string, dir: string): string {
  return text.replaceAll("DIR", dir).replaceAll("SHOWN", shown(dir));
}

function shown(dir: string): string {
  return dir.slice(process.cwd().length + 1);
}

function readable(text: string, dir: string): string {
  return text.replaceAll(dir, "DIR").replaceAll(shown(dir), "DIR");
}

function check(t: Test, { message, code = 1 }: WrongInput, ended: Ended): void {
  if (typeof message === "string") t.equal(ended.stderr, `${message}\n`);
  else t.match(ended.stderr, message);
  t.equal(ended.code, code, "exit code");
  t.equal(ended.stdout, "", "nothing on stdout");
  t.notMatch(ended.stderr, /\n\s+at /, "no stack trace");
  t.equal(ended.stderr.trimEnd().split("\n").length, 1, "one message");
  t.match(ended.stderr, /found .*expected /, "what was found, and what was expected");
}

/** The event has what was found and expected as data, and its text is what people are told. */
function checkEvent(t: Test, { textOnly }: WrongInput, { stderr }: Ended, asked: Ended): void {
  const event = JSON.parse(asked.stdout);
  const failures: readonly Failure[] = event.failures;
  t.same(notValid([event]), []);
  t.equal(`${failures.map(textOf).join("\n")}\n`, stderr, "the event says what the text says");
  t.equal(asked.stderr, stderr, "the text is the same");
  const inText = failures.filter(({ message }) => /found .*, expected /.test(message));
  t.equal(inText.length > 0, textOnly !== undefined, textOnly ?? "what was found and expected is data");
}

/** What the message of a failure is that has none of its own. */
const NAMELESS = [
  "the inventory cannot be used",
  "the command line cannot be followed",
  "the playbook cannot be followed",
];

function textOf({ message, place, found, expected, hint, host }: Failure): string {
  return formatProblem({
    message: NAMELESS.includes(message) ? undefined : message,
    place: place && { file: place.file, line: place.line ?? 0, column: place.column ?? 0 },
    found,
    expected,
    hint,
    host,
  });
}

async function runIn(host: ChildProcess, start: Start): Promise<Ended> {
  host.send(start);
  const [ended] = await once(host, "message");
  return ended;
}

async function countConnections(t: Test): Promise<{ readonly port: number; connections(): number }> {
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  return { port: (server.address() as AddressInfo).port, connections: () => count };
}
