import { ConnectionError } from "../connection/connection.ts";
import type { Host } from "../inventory/inventory.ts";
import type { Resource } from "../resource/resource.ts";
import { nameOf } from "./applied.ts";
import type { Context } from "./context.ts";
import { LockedError } from "./converge-error.ts";
import { withLock } from "./lock.ts";
import { type Found, madeProbe, parseMade } from "./made-look.ts";
import type { Managed } from "./managed.ts";
import { type Recorded, type Scope, scopeWord } from "./record.ts";
import { settled, writeRest } from "./retire.ts";
import { type Going, planRetirement, titleOf } from "./retirement.ts";
import type { Session } from "./session.ts";
import { SessionError } from "./session-error.ts";

/** Tells things of this scope that none of these resources is about: not by its name, and not by a path that it keeps. */
export function orphansOf(resources: Iterable<Resource>, scope: Scope): Pick<Going, "isOurs" | "isOther"> {
  const all = [...resources];
  const keys = new Set(all.map(nameOf));
  const names = new Set(all.flatMap((one) => [one.id, ...one.kind.keeps(one)]));
  const own = scopeWord(scope);
  return {
    isOurs: ({ scope: one, key, name }) => scopeWord(one) === own && !keys.has(key) && !names.has(name),
    isOther: (one) => one !== own,
  };
}

/**
 * Notes at the end of a run what it made once, and no role describes any more. Only after a run of all plays on all hosts in which
 * nothing failed: else what is not described may just not have been asked for. Costs a host nothing where all is described.
 */
export async function noteOrphans(context: Context): Promise<void> {
  if (!isWhole(context)) return;
  await Promise.all(
    [...context.managed].map(([host, managed]) => noteOfHost(host, managed, context).catch(unlessLost)),
  );
}

/** All was done before: a host that is lost now has only nothing to tell. */
function unlessLost(error: unknown): void {
  if (!(error instanceof ConnectionError || error instanceof SessionError)) throw error;
}

function isWhole({ options, ports, runs }: Context): boolean {
  const { tags, skipTags, limit, plays = [], flags } = options;
  // A playbook that decides as it goes has no plays beforehand.
  const isAsked =
    plays.length > 0 && plays.every((play) => "asks" in play || play.flag === undefined || flags?.has(play.flag));
  const isWide = limit === undefined && tags.length === 0 && skipTags.length === 0;
  return isAsked && isWide && !ports.signal?.aborted && [...runs.values()].every(({ failure }) => !failure);
}

async function noteOfHost(host: Host, { made, resources: own }: Managed, context: Context): Promise<void> {
  const isDescribed = (resources: Iterable<Resource>) => {
    const keys = new Set([...resources].map(nameOf));
    return (key: string) => keys.has(key);
  };
  if ([...made].every(isDescribed(own))) return;
  const resources = await describedOn(host, context);
  const described = isDescribed(resources);
  const keys = [...made].filter((key) => !described(key));
  const run = context.runs.get(host);
  if (keys.length === 0 || !run) return;
  const { options, scope, pool } = context;
  const session = await pool.open(host, true);
  const [section] = (await session.probe([madeProbe(options.paths, keys)])).sections;
  if (section?.status !== 0) return;
  const { found, wanted } = parseMade(section.stdout);
  const { isOurs, isOther } = orphansOf(resources, scope);
  const isAlone = ({ isThere, thing: { key, scope: one } }: Found) =>
    isThere && scopeWord(one) === scopeWord(scope) && !(wanted.get(key) ?? []).some(isOther);
  const open = found.filter(isAlone).map(({ thing }) => thing);
  const left = open.filter(isOurs);
  if (left.length > 0) run.notes.add(noteText(host.name, left));
  const gone = keys.filter((key) => !open.some((thing) => thing.key === key));
  if (gone.length > 0 && !options.check) await forget(session, host, new Set(gone), context);
}

/** What roles describe on a host, by whatever name: two of the inventory may be one machine. */
async function describedOn(host: Host, { managed, pool }: Context): Promise<readonly Resource[]> {
  const machineOf = async (one: Host): Promise<string> => {
    const { bootId, hostname } = (await pool.open(one, true)).facts;
    return `${bootId} ${hostname}`;
  };
  const own = await machineOf(host);
  const all = [...managed].map(async ([one, { resources }]) => ((await machineOf(one)) === own ? [...resources] : []));
  return (await Promise.all(all)).flat();
}

/** Notes no more of what is not there any more, and leaves to others what they want too: the next run has nothing to ask. */
async function forget(session: Session, host: Host, gone: ReadonlySet<string>, context: Context): Promise<void> {
  const { options, scope, ports } = context;
  const { isOther } = orphansOf([], scope);
  const going: Pick<Going, "isOurs" | "isOther"> = {
    isOurs: (thing) => scopeWord(thing.scope) === scopeWord(scope) && gone.has(thing.key),
    isOther,
  };
  const { operation, paths } = options;
  const lockOptions = {
    operation,
    paths,
    scope,
    host: host.name,
    lockWaitSeconds: 0,
    signal: ports.signal,
    emit: ports.emit,
  };
  try {
    await withLock(session, lockOptions, async (lock) => {
      await lock.take("");
      const [section] = (await session.probe([madeProbe(paths)])).sections;
      if (section?.status !== 0) return;
      const look = parseMade(section.stdout);
      await lock.run([writeRest(settled(look, planRetirement(look, { ...going, withData: false }), going), paths)]);
    });
  } catch (error) {
    // Whoever is at work there comes first: the next run does it.
    if (!(error instanceof LockedError)) throw error;
  }
}

function noteText(host: string, things: readonly Recorded[]): string {
  const titles = things.map(titleOf);
  const more = titles.length > 3 ? ` and ${titles.length - 3} more` : "";
  return `No role describes any more what was made here: ${titles.slice(0, 3).join(", ")}${more}. To remove it: npx zx playbooks/retire.mts ${host} --orphans`;
}
