import { randomBytes } from "node:crypto";
import { unlockSecrets } from "../inventory/age.ts";
import { CONNECTION_VARS, connectionVars } from "../inventory/connection-vars.ts";
import type { Inventory } from "../inventory/inventory.ts";
import { hintFor } from "../inventory/suggest.ts";
import type { Announcement } from "../role/announcement.ts";
import { type Playbook, type PlayRunner, schemasOfPlay } from "../role/playbook.ts";
import { type Assignment, assignments, consulted, flagsOf, readersIn, readIn } from "../run/assignment.ts";
import type { RunPorts } from "../run/context.ts";
import type { HostResult, RunEvent } from "../run/event.ts";
import { STATE_PATHS } from "../run/host-state.ts";
import { maskEvent, maskText } from "../run/mask.ts";
import { startRun } from "../run/play.ts";
import { checkVars, secretsToHide } from "../run/vars.ts";
import { checkSecrets, isHidable } from "../run/weak-secrets.ts";
import { masker, type Secret } from "../shell/secret.ts";
import { factsMemory } from "./facts-memory.ts";
import { inventoryNames } from "./inventory-names.ts";
import { checkKeys } from "./keys.ts";
import { listHosts, listTags, listTasks } from "./list.ts";
import { HELP, type Options, parseOptions, UsageError } from "./options.ts";
import { interruption, openReports } from "./output.ts";
import { passwordsOf } from "./passwords.ts";
import { askPassword, commit, connector, loadFor, operator, runProgram, say } from "./program.ts";
import { reportRefusal } from "./refusal.ts";
import { rehearse } from "./rehearsal.ts";
import { checkLocks, releaseLocks } from "./releases.ts";

/** What a playbook may ask for besides its plays. */
export interface Program {
  /** Vars that hosts may have although no role reads them. */
  readonly vars?: readonly string[];
  /** Runs after the inventory was checked and before any host is contacted. */
  prepare?(inventory: Inventory): Promise<void>;
  /** Who is told of the run once it is over. */
  readonly announcement?: Announcement;
  /** For how long a host is waited for that went away, unless `--reconnect` says it; 60 unless given. */
  readonly reconnectSeconds?: number;
}

/** Vars that the command line reads itself. */
const OWN_VARS = [...CONNECTION_VARS, "release_lock"];

/** Runs a playbook when its file (`import.meta.url`) is the program that was started, and sets the exit code. */
export async function runPlaybook(playbook: Playbook, url: string, program: Program = {}): Promise<void> {
  await runProgram(url, (args, name) => main(playbook, name, args, program), reportRefusal);
}

async function main(playbook: Playbook, name: string, args: readonly string[], program: Program): Promise<number> {
  const own = await flagsOf(playbook);
  const options = parseOptions(args, { own, program: name, reconnectSeconds: program.reconnectSeconds });
  if (options.help)
    return say(own.length > 0 ? `${HELP}\n\nof this playbook: ${own.map((flag) => `--${flag}`).join(" ")}` : HELP);
  const { schemas, measures } = await readIn(playbook);
  // Git is asked while this reads and checks.
  const ofCheckout = commit();
  const inventory = await loadFor(options, schemas);
  const names = inventoryNames(inventory.files);
  const all = await assignments(playbook, inventory, options.limit);
  const plays = all.filter(({ play: { flag } }) => flag === undefined || options.flags.has(flag));
  checkHosts(name, inventory, plays, options);
  if (options.listHosts) return say(listHosts(plays));
  await unlockSecrets(
    [...plays.flatMap(({ hosts }) => hosts), ...consulted(plays, inventory)].map(({ vars }) => vars),
    process.env,
  );
  checkRun(inventory, plays, options, program);
  const passwords = await passwordsOf(
    plays.flatMap(({ hosts }) => hosts),
    inventory.hosts.values(),
    process.env,
  );
  if (options.listTasks) return say(listTasks(plays, inventory));
  if (options.listTags) return say(listTags(plays, inventory));
  if (options.syntaxCheck) return say(`${name} and ${inventory.files.join(", ")} are fine`);
  // A lock file that cannot be read is said now; what it lacks is fetched when a host was reached.
  await checkLocks(
    plays.flatMap(({ hosts }) => hosts),
    inventory,
  );
  await program.prepare?.(inventory);
  await checkKeys(
    plays.flatMap(({ hosts }) => hosts),
    inventory,
    options,
  );
  const { announcement } = program;
  return run(playbook, { name, inventory, plays, measures, options, passwords, ofCheckout, names, announcement });
}

interface Job {
  readonly name: string;
  readonly inventory: Inventory;
  readonly plays: readonly Assignment[];
  /** Folders whose disks are facts. */
  readonly measures: readonly string[];
  readonly options: Options;
  /** Those in the vars of hosts. */
  readonly passwords: readonly Secret[];
  /** The commit of the checkout. */
  readonly ofCheckout: Promise<string>;
  /** What the inventory's files are called in every checkout. */
  readonly names: Promise<readonly string[]>;
  readonly announcement: Announcement | undefined;
}

function checkHosts(name: string, { files }: Inventory, plays: readonly Assignment[], { limit }: Options): void {
  if (plays.some(({ hosts }) => hosts.length > 0)) return;
  const within = limit === undefined ? "" : ` within --limit ${limit}`;
  const wanted = [...new Set(plays.map(({ play }) => play.hosts))].join(", ");
  throw new UsageError({
    found: `no host for any play of ${name} (${wanted})${within}`,
    expected: `one in ${files.join(", ")}`,
  });
}

function checkRun(inventory: Inventory, plays: readonly Assignment[], options: Options, program: Program): void {
  const { rebuilt } = options;
  const files = inventory.files.join(", ");
  const unknown = [...rebuilt.keys()].find((host) => !inventory.hosts.has(host));
  if (unknown !== undefined) {
    const hint = hintFor(unknown, inventory.hosts.keys());
    throw new UsageError({ message: "--rebuilt", found: `"${unknown}"`, expected: `a host of ${files}`, hint });
  }
  const readers = readersIn(plays);
  // What is wrong with one is said now, not once its turn comes.
  for (const [host] of readers) connectionVars(host);
  // A limit leaves hosts out, and not what may be said of them.
  const schemas = plays.flatMap(({ play }) => schemasOfPlay(play));
  checkVars(readers, new Set([...OWN_VARS, ...(program.vars ?? []), ...schemas.flatMap(Object.keys)]));
  checkSecrets(readers, inventory);
  rehearse(plays, inventory, options);
}

async function run(playbook: Playbook, job: Job): Promise<number> {
  const { options, plays } = job;
  const becomePassword = options.askBecomePass ? await askPassword("BECOME password: ") : undefined;
  const password = options.askPass ? await askPassword("SSH password: ") : undefined;
  const passwords = [...job.passwords, becomePassword, password].filter((one) => one !== undefined);
  const mask = masker([...secretsToHide(job.inventory, plays), ...passwords].filter(isHidable(job.inventory)));
  const reports = await openReports(options);
  const interrupted = interruption(options.deadlineSeconds);
  try {
    const ports = {
      connect: connector(options, job.inventory, password),
      emit: (event: RunEvent) => reports.emit(maskEvent(event, mask)),
      becomePassword,
      measures: job.measures,
      signal: interrupted.signal,
      facts: factsMemory(process.env),
    };
    return exitCode(await runJob(playbook, { ...job, announcement: masked(job.announcement, mask) }, ports), options);
  } finally {
    reports.end();
    interrupted.end();
  }
}

/** The same, and nothing that it is told can hold a secret. */
function masked(announcement: Announcement | undefined, mask: (text: string) => string): Announcement | undefined {
  if (!announcement) return undefined;
  return { ...announcement, announce: (run, asker) => announcement.announce(maskText(run, mask), asker) };
}

async function runJob(playbook: Playbook, job: Job, ports: RunPorts): Promise<readonly HostResult[]> {
  const { name, inventory, plays, options } = job;
  const { check } = options;
  const { emit } = ports;
  const operation = {
    run: randomBytes(4).toString("hex"),
    operator: operator(),
    playbook: name,
    commit: await job.ofCheckout,
  };
  const hosts = [...new Set(plays.flatMap((one) => one.hosts.map((host) => host.name)))];
  emit({ kind: "started", version: 2, run: operation.run, playbook: name, inventory: inventory.files, check, hosts });
  const started = performance.now();
  const going = startRun(
    inventory,
    {
      ...options,
      operation,
      inventoryNames: await job.names,
      releases: releaseLocks(inventory, !check),
      paths: STATE_PATHS,
      plays: typeof playbook === "function" ? [] : playbook,
      announcement: job.announcement,
    },
    ports,
  );
  await runAll(playbook, going);
  const results = await going.finish();
  emit({ kind: "finished", check, results, durationMs: performance.now() - started });
  return results;
}

async function runAll(playbook: Playbook, runner: PlayRunner): Promise<void> {
  if (typeof playbook === "function") return playbook(runner);
  for (const play of playbook) await runner.play(play);
}

function exitCode(results: readonly HostResult[], options: Options): number {
  const kinds = new Set(results.map(({ failure }) => failure?.kind));
  if (kinds.has("failed")) return 2;
  if (kinds.has("unreachable")) return 4;
  if (kinds.has("locked")) return 5;
  const isDrift = options.failOnDrift && results.some(({ edited }) => edited > 0);
  const isChange = options.failOnChanges && results.some(({ changed }) => changed > 0);
  return options.check && (isDrift || isChange) ? 3 : 0;
}
