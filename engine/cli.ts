import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { limit } from "./connection/limit.ts";
import { connectLocal } from "./connection/local.ts";
import { connectSsh } from "./connection/ssh.ts";
import { connectionVars } from "./inventory/connection-vars.ts";
import { parseExtraVars } from "./inventory/extra-vars.ts";
import { type Host, type Inventory, InventoryError } from "./inventory/inventory.ts";
import { loadInventory } from "./inventory/load.ts";
import { lockReleases, type ReleaseLock } from "./inventory/release-lock.ts";
import { HELP, type Options, parseOptions, UsageError } from "./options.ts";
import { textReport } from "./report/text.ts";
import type { Playbook } from "./role/playbook.ts";
import type { Role } from "./role/role.ts";
import type { Emit, HostResult, RunEvent } from "./run/event.ts";
import { maskEvent } from "./run/mask.ts";
import { type Assignment, assign, rolesByHost, runPlays } from "./run/play.ts";
import { checkVars, usedSecrets } from "./run/vars.ts";
import { masker } from "./shell/secret.ts";

/** What a playbook may ask for besides its plays. */
export interface Program {
  /** Vars that hosts may have although no role reads them. */
  readonly vars?: readonly string[];
  /** Runs after the inventory was checked and before any host is contacted. */
  prepare?(inventory: Inventory): Promise<void>;
}

/** Vars that the command line reads itself. */
const OWN_VARS = ["host", "port", "user", "key", "known_hosts", "release_lock"];

/** Bastions and sshd refuse a crowd: MaxStartups begins to drop at ten. */
const HANDSHAKES = 10;

/**
 * Runs a playbook when its file (`import.meta.url`) is the program that was started, and sets the exit code; does nothing
 * when it was imported. Never throws.
 */
export async function runPlaybook(playbook: Playbook, url: string, program: Program = {}): Promise<void> {
  const file = fileURLToPath(url);
  const at = process.argv.findIndex((arg) => resolve(arg) === file);
  if (at < 0) return;
  try {
    process.exitCode = await main(playbook, relative(process.cwd(), file), process.argv.slice(at + 1), program);
  } catch (error) {
    if (!isUserError(error)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

async function main(playbook: Playbook, name: string, args: readonly string[], program: Program): Promise<number> {
  const options = parseOptions(args);
  if (options.help) return say(HELP);
  const inventory = await load(options);
  const assignments = assign(playbook, inventory, options.limit);
  const roles = rolesByHost(assignments);
  if (options.listHosts) return say(listHosts(assignments));
  if (roles.size === 0)
    throw new UsageError(
      `no host of ${inventory.files.join(", ")} is in a play of ${name}${options.limit ? ` and in --limit ${options.limit}` : ""}`,
    );
  checkRebuilt(options, inventory);
  checkVars([...roles], new Set([...OWN_VARS, ...(program.vars ?? [])]));
  if (options.syntaxCheck) return say(`${name} and ${inventory.files.join(", ")} are fine`);
  await program.prepare?.(inventory);
  return run(name, inventory, assignments, options);
}

async function run(
  name: string,
  inventory: Inventory,
  assignments: readonly Assignment[],
  options: Options,
): Promise<number> {
  const roles = rolesByHost(assignments);
  const mask = masker([...roles].flatMap(([host, all]) => usedSecrets(host, all)));
  const report = options.json ? jsonReport() : textReport(stderr(), options);
  const emit: Emit = (event) => report(maskEvent(event, mask));
  const releases = await releasesFor(roles, options);
  const { check } = options;
  const operation = { run: randomBytes(4).toString("hex"), operator: operator(), playbook: name, commit: "" };
  const hosts = [...roles.keys()].map((host) => host.name);
  emit({ kind: "started", run: operation.run, playbook: name, inventory: inventory.files, check, hosts });
  const started = performance.now();
  const handshakes = limit(HANDSHAKES);
  const connect = (host: Host) => connectHost(host, options, inventory, handshakes);
  const results = await runPlays(assignments, inventory, { ...options, operation, releases }, { connect, emit });
  emit({ kind: "finished", check, results, durationMs: performance.now() - started });
  return exitCode(results, options);
}

function connectHost(host: Host, options: Options, inventory: Inventory, handshakes: ReturnType<typeof limit>) {
  const vars = connectionVars(host);
  if (vars.connection === "local") return Promise.resolve(connectLocal(host.name));
  return connectSsh(
    {
      name: host.name,
      address: vars.address,
      port: vars.port,
      user: vars.user ?? options.user,
      key: vars.key ?? (options.privateKey && resolve(options.privateKey)),
      knownHosts: vars.knownHosts ?? join(dirname(resolve(inventory.files[0] ?? ".")), "known_hosts"),
    },
    {
      connectTimeoutMs: options.timeoutSeconds * 1000,
      rebuilt: options.rebuilt.get(host.name),
      acceptNew: options.acceptNew,
      handshakes,
    },
  );
}

async function load(options: Options): Promise<Inventory> {
  const { env } = process;
  const files =
    options.inventory.length > 0 ? options.inventory : [env.HOSTWRIGHT_INVENTORY ?? (await defaultInventory())];
  return loadInventory(files, { extraVars: parseExtraVars(options.extraVars, env), env });
}

async function defaultInventory(): Promise<string> {
  const manifest: { hostwright?: { inventory?: string } } = JSON.parse(await readFile("package.json", "utf8"));
  if (manifest.hostwright?.inventory) return manifest.hostwright.inventory;
  throw new UsageError(
    'no inventory: give -i FILE, set HOSTWRIGHT_INVENTORY, or "hostwright": {"inventory": …} in package.json',
  );
}

/** Each inventory has a lock file: `release_lock` of its hosts, else `releases.lock.json` beside it. */
async function releasesFor(roles: ReadonlyMap<Host, readonly Role[]>, options: Options): Promise<ReleaseLock> {
  const wanted = new Map<string, { file: string; checksumsUrl: string }[]>();
  for (const [host, all] of roles) {
    const path = lockPath(host);
    wanted.set(path, [...(wanted.get(path) ?? []), ...all.flatMap((role) => role.releases(host))]);
  }
  const locks = await Promise.all([...wanted].map(([path, files]) => lockReleases(path, files, !options.check)));
  return Object.assign({}, ...locks);
}

function lockPath(host: Host): string {
  const { release_lock: path } = host.vars;
  const from = host.place(["release_lock"])?.file ?? "";
  return typeof path === "string" ? resolve(dirname(from), path) : resolve("inventory/releases.lock.json");
}

function checkRebuilt({ rebuilt }: Options, { hosts }: Inventory): void {
  for (const host of rebuilt.keys()) {
    if (!hosts.has(host)) throw new UsageError(`--rebuilt: found "${host}", expected a host of the inventory`);
  }
}

function exitCode(results: readonly HostResult[], options: Options): number {
  const kinds = new Set(results.map(({ failure }) => failure?.kind));
  if (kinds.has("failed")) return 2;
  if (kinds.has("unreachable")) return 4;
  if (kinds.has("locked")) return 5;
  return options.check && options.failOnChanges && results.some(({ changed }) => changed > 0) ? 3 : 0;
}

function listHosts(assignments: readonly Assignment[]): string {
  return assignments
    .map(([play, hosts]) => [play.name ?? play.hosts, ...hosts.map(({ name }) => `  ${name}`)].join("\n"))
    .join("\n");
}

function isUserError(error: unknown): error is Error {
  return error instanceof UsageError || error instanceof InventoryError;
}

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

function stderr() {
  const colour = process.stderr.isTTY === true && !process.env.NO_COLOR;
  return { colour, write: (text: string) => process.stderr.write(text) };
}

function jsonReport(): Emit {
  return (event: RunEvent) => process.stdout.write(`${JSON.stringify(event)}\n`);
}

function operator(): string {
  return `${userInfo().username}@${hostname()}`;
}
