import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { dirname, relative, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Connection } from "../connection/connection.ts";
import { limit } from "../connection/limit.ts";
import { connectLocal } from "../connection/local.ts";
import { jumpHosts } from "../connection/route.ts";
import type { SshTarget } from "../connection/ssh.ts";
import { connectionVars } from "../inventory/connection-vars.ts";
import { parseExtraVars } from "../inventory/extra-vars.ts";
import { type Host, type Inventory, InventoryError } from "../inventory/inventory.ts";
import { StuckError } from "../inventory/module.ts";
import type { JsonSchema, VarSchemas } from "../inventory/typed-text.ts";
import type { Schema, Var } from "../role/schema.ts";
import { withSecrets } from "../run/vars.ts";
import { Secret } from "../shell/secret.ts";
import { knownHostsBeside } from "./keys.ts";
import { type Options, UsageError } from "./options.ts";
import { allowClosedOutput } from "./streams.ts";

export { stderr } from "./streams.ts";

/** Bastions and sshd refuse a crowd: MaxStartups begins to drop at ten. */
const HANDSHAKES = 10;

/** What the user can mend, told before any host is contacted. */
export type Refusal = UsageError | InventoryError;

/**
 * Runs `main` when the file of this URL is the program that was started, with the arguments behind it, and sets the exit
 * code; does nothing when the file was imported. What the user can mend is one message, told by `refuse`, and exit 1.
 */
export async function runProgram(
  url: string,
  main: (args: readonly string[], name: string) => Promise<number>,
  refuse: (refusal: Refusal, args: readonly string[]) => number = tellRefusal,
): Promise<void> {
  const file = fileURLToPath(url);
  const at = process.argv.findIndex((arg) => resolve(arg) === file);
  if (at < 0) return;
  allowClosedOutput();
  const args = process.argv.slice(at + 1);
  try {
    process.exitCode = await main(args, relative(process.cwd(), file));
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof InventoryError)) throw error;
    process.exitCode = refuse(error, args);
    if (error instanceof StuckError) process.exit();
  }
}

/** Tells people, on stderr. Returns exit code 1. */
export function tellRefusal({ message }: Refusal): number {
  process.stderr.write(`${message}\n`);
  return 1;
}

/** Prints to stdout. Returns exit code 0. */
export function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

/**
 * Loads the inventories that the options, the environment or package.json name, in this order. `schemas` are those of the vars
 * that the program reads: a `-e name=value` takes the type that they ask for, and a secret var is a `Secret`.
 */
export async function loadFor(
  options: Pick<Options, "inventory" | "extraVars" | "program">,
  schemas: readonly Schema[] = [],
): Promise<Inventory> {
  const { env } = process;
  const named =
    options.inventory.length > 0 ? options.inventory : [env.HOSTWRIGHT_INVENTORY || (await defaultInventory())];
  const extraVars = parseExtraVars(options.extraVars, env, byName(schemas));
  const { program } = options;
  const { loadInventory } = await import("../inventory/load.ts");
  const inventory = await unlessEnded(named, () =>
    loadInventory(named, { extraVars, env, ...(program && { playbookFolder: dirname(resolve(program)) }) }),
  );
  return withSecrets(inventory, schemas);
}

/** A TypeScript inventory that ends this process would end a run that did nothing as if all were well. */
async function unlessEnded<T>(files: readonly string[], load: () => Promise<T>): Promise<T> {
  const ended = (): void => {
    const named = files.filter((file) => /\.m?ts$/.test(file)).join(", ");
    process.stderr.write(`${named}: found a module that ends the program, expected groups: throw an error instead\n`);
    process.exitCode = 1;
  };
  process.once("exit", ended);
  try {
    return await load();
  } finally {
    process.off("exit", ended);
  }
}

function byName(schemas: readonly Schema[]): VarSchemas {
  const found = new Map<string, readonly JsonSchema[]>();
  for (const [name, { json }] of schemas.flatMap(Object.entries<Var<unknown>>))
    found.set(name, [...(found.get(name) ?? []), json]);
  return found;
}

/** Returns the function that opens a connection to a host of this inventory, as its vars and the options say. */
export function connector(
  options: Options,
  inventory: Inventory,
  password?: Secret,
): (host: Host) => Promise<Connection> {
  const beside = knownHostsBeside(inventory);
  const shared = { handshakes: limit(HANDSHAKES), jumpHosts: jumpHosts(), passphrase: passphrases() };
  return async (host) => {
    const vars = connectionVars(host);
    if (vars.connection === "local") return connectLocal(host.name);
    const target: SshTarget = {
      name: host.name,
      address: vars.address,
      port: vars.port,
      user: vars.user ?? options.user,
      key: vars.key ?? (options.privateKey && resolve(options.privateKey)),
      knownHosts: vars.knownHosts ?? beside,
      sshArgs: vars.sshArgs,
    };
    // What only says something needs no SSH.
    const { connectSsh } = await import("../connection/ssh.ts");
    return connectSsh(target, {
      ...shared,
      connectTimeoutMs: options.timeoutSeconds * 1000,
      rebuilt: options.rebuilt.get(host.name),
      acceptNew: options.acceptNew,
      password: vars.password ?? password,
    });
  };
}

/** Asks for each encrypted key once, however many hosts use it; undefined where nobody can be asked. */
function passphrases(): ((file: string) => Promise<string>) | undefined {
  if (!process.stdin.isTTY) return undefined;
  const asked = new Map<string, Promise<string>>();
  return (file) => {
    const answer = asked.get(file) ?? askPassword(`passphrase of ${file}: `).then((secret) => secret.reveal());
    asked.set(file, answer);
    return answer;
  };
}

/** Asks for a password without showing it. Throws `UsageError` where nobody can be asked. */
export async function askPassword(prompt: string): Promise<Secret> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY)
    throw new UsageError({
      message: prompt.replace(/: $/, ""),
      found: "no terminal on stdin",
      expected: "one to ask at",
    });
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: stdin, output: silent, terminal: true });
  // Only now the terminal echoes nothing: who answers fast must not see the answer.
  stderr.write(prompt);
  const given = new AbortController();
  // Ctrl-C and Ctrl-D: without this the question would wait for ever.
  for (const event of ["SIGINT", "close"]) reader.once(event, () => given.abort());
  try {
    return new Secret(await reader.question("", { signal: given.signal }), prompt);
  } catch (cause) {
    throw new UsageError({ message: prompt.replace(/: $/, ""), found: "no answer", expected: "one" }, { cause });
  } finally {
    reader.close();
    stderr.write("\n");
  }
}

/** Who runs this, for locks and journals. */
export function operator(): string {
  return `${userInfo().username}@${hostname()}`;
}

/** The checkout's commit, with `-dirty` where it has changes; empty outside a checkout. */
export async function commit(): Promise<string> {
  const git = promisify(execFile)("git", ["describe", "--always", "--dirty"]);
  return git.then(
    ({ stdout }) => stdout.trim(),
    () => "",
  );
}

/** The inventory that package.json names. Throws `UsageError` where it names none. */
export async function defaultInventory(): Promise<string> {
  const inventory = await manifestInventory();
  if (typeof inventory === "string" && inventory !== "") return inventory;
  throw new UsageError({
    found: "no inventory",
    expected: '-i FILE, HOSTWRIGHT_INVENTORY, or "hostwright": {"inventory": …} in ./package.json',
  });
}

async function manifestInventory(): Promise<unknown> {
  try {
    return JSON.parse(await readFile("package.json", "utf8"))?.hostwright?.inventory;
  } catch {
    // Missing or broken: it names no inventory either way.
    return undefined;
  }
}
