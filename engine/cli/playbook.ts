import { randomBytes } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { CONNECTION_VARS } from "../inventory/connection-vars.ts";
import type { Host, Inventory } from "../inventory/inventory.ts";
import { lockReleases, type ReleaseLock } from "../inventory/release-lock.ts";
import { textReport } from "../report/text.ts";
import type { Playbook } from "../role/playbook.ts";
import type { Role, WantedRelease } from "../role/role.ts";
import type { Emit, HostResult } from "../run/event.ts";
import { maskEvent } from "../run/mask.ts";
import { type Assignment, assign, rolesByHost, runPlays } from "../run/play.ts";
import { checkVars, usedSecrets } from "../run/vars.ts";
import { masker } from "../shell/secret.ts";
import { HELP, type Options, parseOptions, UsageError } from "./options.ts";
import { commit, connector, loadFor, operator, runProgram, say, stderr } from "./program.ts";

/** What a playbook may ask for besides its plays. */
export interface Program {
  /** Vars that hosts may have although no role reads them. */
  readonly vars?: readonly string[];
  /** Runs after the inventory was checked and before any host is contacted. */
  prepare?(inventory: Inventory): Promise<void>;
}

/** Vars that the command line reads itself. */
const OWN_VARS = [...CONNECTION_VARS, "release_lock"];

/** Runs a playbook when its file (`import.meta.url`) is the program that was started, and sets the exit code. */
export async function runPlaybook(playbook: Playbook, url: string, program: Program = {}): Promise<void> {
  await runProgram(url, (args, name) => main(playbook, name, args, program));
}

async function main(playbook: Playbook, name: string, args: readonly string[], program: Program): Promise<number> {
  const options = parseOptions(args);
  if (options.help) return say(HELP);
  const inventory = await loadFor(options);
  const assignments = assign(playbook, inventory, options.limit);
  if (options.listHosts) return say(listHosts(assignments));
  checkRun(name, inventory, assignments, options, program);
  if (options.syntaxCheck) return say(`${name} and ${inventory.files.join(", ")} are fine`);
  await program.prepare?.(inventory);
  return run(name, inventory, assignments, options);
}

function checkRun(
  name: string,
  inventory: Inventory,
  assignments: readonly Assignment[],
  options: Options,
  program: Program,
): void {
  const unknown = [...options.rebuilt.keys()].find((host) => !inventory.hosts.has(host));
  if (unknown !== undefined) throw new UsageError(`--rebuilt: found "${unknown}", expected a host of the inventory`);
  const roles = rolesByHost(assignments);
  if (roles.size === 0) {
    const limit = options.limit === undefined ? "" : ` within --limit ${options.limit}`;
    throw new UsageError(`no play of ${name} has a host in ${inventory.files.join(", ")}${limit}`);
  }
  checkVars([...roles], new Set([...OWN_VARS, ...(program.vars ?? [])]));
}

async function run(
  name: string,
  inventory: Inventory,
  assignments: readonly Assignment[],
  options: Options,
): Promise<number> {
  const roles = rolesByHost(assignments);
  const { check } = options;
  const mask = masker([...roles].flatMap(([host, all]) => usedSecrets(host, all)));
  const report = options.json ? jsonReport() : textReport(stderr(), options);
  const emit: Emit = (event) => report(maskEvent(event, mask));
  const releases = await releasesFor(roles, inventory, options);
  const operation = {
    run: randomBytes(4).toString("hex"),
    operator: operator(),
    playbook: name,
    commit: await commit(),
  };
  const hosts = [...roles.keys()].map((host) => host.name);
  emit({ kind: "started", run: operation.run, playbook: name, inventory: inventory.files, check, hosts });
  const started = performance.now();
  const ports = { connect: connector(options, inventory), emit };
  const results = await runPlays(assignments, inventory, { ...options, operation, releases }, ports);
  emit({ kind: "finished", check, results, durationMs: performance.now() - started });
  return exitCode(results, options);
}

async function releasesFor(
  roles: ReadonlyMap<Host, readonly Role[]>,
  inventory: Inventory,
  options: Options,
): Promise<ReleaseLock> {
  const wanted = new Map<string, readonly WantedRelease[]>();
  for (const [host, all] of roles) {
    const path = lockPath(host, inventory);
    wanted.set(path, [...(wanted.get(path) ?? []), ...all.flatMap((role) => role.releases(host))]);
  }
  const locks = await Promise.all([...wanted].map(([path, files]) => lockReleases(path, files, !options.check)));
  return Object.assign({}, ...locks);
}

/** `release_lock` of the host, relative to the file that says so; else `releases.lock.json` beside the inventory. */
function lockPath(host: Host, inventory: Inventory): string {
  const { release_lock: path } = host.vars;
  const from = typeof path === "string" ? host.place(["release_lock"])?.file : inventory.files[0];
  return join(dirname(resolve(from ?? ".")), typeof path === "string" ? path : "releases.lock.json");
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

function jsonReport(): Emit {
  return (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
}
