import type { Host } from "../inventory/inventory.ts";
import type { Inquiry, RolePlay } from "../role/playbook.ts";
import type { Script } from "../shell/sh.ts";
import { lookAhead, openHost } from "./ahead.ts";
import { type Context, inPlay, siteOf } from "./context.ts";
import { type ConvergeOptions, checkGate, converge } from "./converge.ts";
import { namingDisk } from "./disk.ts";
import type { HostEvent } from "./event.ts";
import type { HostRun } from "./host-run.ts";
import { takeTurn } from "./rolling.ts";
import type { Session } from "./session.ts";
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
  await context.pool.exclusively(host)(async () =>
    takeTurn(await context.pool.open(host, play.become ?? true), turn, convergeOptions(host, context), run),
  );
}

/** Returns whether something waits for the host's turn. */
async function convergeSegment(segment: Segment, play: RolePlay, run: HostRun, context: Context): Promise<boolean> {
  const host = context.inventory.hosts.get(segment.host);
  if (!host) throw new TypeError(`onHost("${segment.host}"): the inventory has no such host`);
  run.on = host === run.host ? undefined : host.name;
  const waits = await context.pool.exclusively(host)(async () => {
    const session: Session = await context.pool.open(host, play.become ?? true);
    const settings = convergeOptions(run.host, context, run.on);
    return namingDisk(host.name, session, () => converge(session, segment, settings, run));
  });
  run.on = undefined;
  return waits;
}

function convergeOptions(host: Host, { options, ports, said }: Context, on?: string): ConvergeOptions {
  const { check, operation, lockWaitSeconds, paths } = options;
  const emit = (event: HostEvent) => ports.emit(on === undefined ? event : { ...event, on });
  const target = on === undefined ? host : undefined;
  const known = target && ((sections: readonly Script[]) => said.known(target, sections));
  return { host: host.name, check, selection: options, operation, lockWaitSeconds, paths, known, emit };
}
