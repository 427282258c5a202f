import type { Host } from "../inventory/inventory.ts";
import type { Inquiry, RolePlay } from "../role/playbook.ts";
import type { Script } from "../shell/sh.ts";
import { lookAhead, openHost } from "./ahead.ts";
import { type Context, inPlay, type RunOptions, siteOf } from "./context.ts";
import { checkGate, converge } from "./converge.ts";
import type { ConvergeOptions } from "./converge-options.ts";
import type { HostEvent } from "./event.ts";
import type { HostRun } from "./host-run.ts";
import { journalOf, parseJournal } from "./host-state.ts";
import { noteManaged } from "./managed.ts";
import { takeTurn } from "./rolling.ts";
import type { Session } from "./session.ts";
import { namingTrouble } from "./trouble.ts";
import { type Segment, type Turn, workOf } from "./work.ts";

/** Before all are asked together: who cannot be reached is known, and so are the hashes of releases. */
export async function meetHost(host: Host, play: Inquiry, context: Context): Promise<void> {
  const session = await openHost(host, play, context);
  context.releases.set(host.name, await context.options.releases(inPlay(host, play, context), []));
  await lookAhead(host, play, session, context);
}

/** Makes a host what the roles of a play say. What waits for its turn is left to `run.turn`, and with it what is to hold afterwards. */
export async function convergeHost(
  host: Host,
  play: RolePlay,
  first: boolean,
  run: HostRun,
  context: Context,
): Promise<void> {
  run.on = undefined;
  run.turn = undefined;
  const session = await openHost(host, play, context);
  const own = inPlay(host, play, context);
  const unread = siteOf(own, first, context);
  const wanted = play.roles.flatMap((role) => role.releases(own, session.facts, unread));
  context.releases.set(host.name, await context.options.releases(own, wanted));
  const site = siteOf(own, first, context);
  if (play.before) await checkGate(session, play.before(site, session.facts));
  const work = workOf(play, site, session.facts);
  for (const note of work.notes) run.notes.add(note);
  let waits = false;
  for (const segment of work.segments) waits = (await convergeSegment(segment, play, run, context)) || waits;
  const after = { host: host.name, resources: play.after?.(site, session.facts) ?? [], handlers: new Map() };
  const gate = async () => {
    if (after.resources.length > 0) await convergeSegment(after, play, run, context);
  };
  if (!waits) return gate();
  run.turn = async () => {
    await turnOfHost(work.turn, play, run, context);
    await gate();
  };
}

async function turnOfHost(turn: Turn, play: RolePlay, run: HostRun, context: Context): Promise<void> {
  const { host } = run;
  await onHost(host, run, play, context, (session, settings) => takeTurn(session, turn, settings, run));
}

/** Returns whether something waits for the host's turn. */
async function convergeSegment(segment: Segment, play: RolePlay, run: HostRun, context: Context): Promise<boolean> {
  const host = context.inventory.hosts.get(segment.host);
  if (!host) throw new TypeError(`onHost("${segment.host}"): the inventory has no such host`);
  run.on = host === run.host ? undefined : host.name;
  const waits = await onHost(host, run, play, context, (session, settings) =>
    converge(session, segment, settings, run),
  );
  run.on = undefined;
  return waits;
}

/** Runs a task on a host, while no other task of this run does, for the run of a host that may be another. */
async function onHost<T>(
  host: Host,
  run: HostRun,
  play: RolePlay,
  { pool, options, ports, said, scope, managed }: Context,
  task: (session: Session, settings: ConvergeOptions) => Promise<T>,
): Promise<T> {
  const { check, operation, lockWaitSeconds, paths } = options;
  const { signal } = ports;
  const isOwn = host === run.host;
  const about = { host: run.host.name, machine: host.name, operation, paths, scope };
  const seen: ConvergeOptions["seen"] = (resources, made) => noteManaged(managed, host, resources, made);
  const emit = (event: HostEvent) => ports.emit(isOwn ? event : { ...event, on: host.name });
  const known = isOwn ? (sections: readonly Script[]) => said.known(host, sections) : undefined;
  const become = play.become ?? true;
  const connectAnew: ConvergeOptions["connectAnew"] = (task) =>
    pool
      .anew(host, become, task)
      .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  const settings = { ...about, check, selection: options, lockWaitSeconds, known, connectAnew, signal, emit, seen };
  return pool.exclusively(host)(async () => {
    const session = await pool.open(host, become);
    const outcome = await namingTrouble(host.name, session, () => task(session, settings));
    if (isOwn && run.isCut) await recover(session, run, options, emit);
    return outcome;
  });
}

/** Counts what this run did before a cut, when nobody heard of it any more, and tells it. */
async function recover(
  session: Session,
  run: HostRun,
  { operation, paths }: RunOptions,
  emit: (event: HostEvent) => void,
): Promise<void> {
  const { sections } = await session.probe([journalOf(operation.run, paths)]);
  const done = parseJournal(sections[0]?.stdout ?? "");
  const resources = done.resources.filter((name) => !run.changed.has(name));
  const handlers = done.handlers.filter((name) => !run.handlers.has(name));
  for (const name of resources) {
    run.differing.add(name);
    run.changed.add(name);
  }
  for (const name of handlers) run.handlers.add(name);
  run.isCut = false;
  if (resources.length > 0 || handlers.length > 0)
    emit({ kind: "recovered", host: run.host.name, resources, handlers });
}
