import type { Facts } from "../facts/facts.ts";
import { isAlike } from "../facts/memory.ts";
import type { Host } from "../inventory/inventory.ts";
import type { Play } from "../role/playbook.ts";
import type { Script } from "../shell/sh.ts";
import { type Context, inPlay, siteOf } from "./context.ts";
import { playHosts } from "./play-hosts.ts";
import { lookAt } from "./probe.ts";
import type { Session } from "./session.ts";
import { standingProbe } from "./standing.ts";
import { workOf } from "./work.ts";

/**
 * Opens a host's session. Where an earlier run left its facts, what plays will then ask is asked in the exec that gathers them: a
 * section that is not what the facts of today ask for is no answer to anything, and is asked again.
 */
export async function openHost(host: Host, play: Play, context: Context): Promise<Session> {
  const { pool, ports, said, lookedAt } = context;
  const guess: { facts?: Facts | undefined; sections: readonly Script[] } = { sections: [] };
  let isNew = false;
  const keep = said.asking(host);
  const session = await pool.open(host, play.become ?? true, async () => {
    isNew = true;
    guess.facts = await ports.facts?.recall(host);
    // What is wrong is told once it is the host's turn.
    if (guess.facts) guess.sections = await aheadOf(host, play, guess.facts, context).catch(() => []);
    return guess.sections;
  });
  if (!isNew) return session;
  keep(guess.sections, session.ahead);
  const holds = guess.facts !== undefined && isAlike(guess.facts, session.facts);
  if (holds && session.ahead.length === guess.sections.length) lookedAt.add(host);
  if (!holds) await ports.facts?.keep(host, session.facts);
  return session;
}

/**
 * Looks at a host as all plays to come will, in one exec, while other hosts are looked at too: plays wait for each other's
 * changes, and a run in sync has none. A host that nobody changed yet is left: there all differs.
 */
export async function lookAhead(host: Host, play: Play, session: Session, context: Context): Promise<void> {
  const { said, lookedAt } = context;
  if (!session.facts.changedBefore || lookedAt.has(host)) return;
  lookedAt.add(host);
  const sections = said.unasked(host, await aheadOf(host, play, session.facts, context));
  if (sections.length === 0) return;
  const keep = said.asking(host);
  const started = performance.now();
  keep(sections, (await session.look(sections)).sections, performance.now() - started);
}

/** What all plays will ask of a host with these facts, each question once. */
async function aheadOf(host: Host, now: Play, facts: Facts, context: Context): Promise<readonly Script[]> {
  const { options, releases } = context;
  if (!releases.has(host.name)) releases.set(host.name, await options.releases(inPlay(host, now, context), []));
  const all = (options.plays ?? []).flatMap((play) => sectionsOf(host, facts, play, context));
  return [...new Map(all.map((section) => [section.text, section])).values()];
}

function sectionsOf(host: Host, facts: Facts, play: Play, context: Context): readonly Script[] {
  const { inventory, options, scope } = context;
  if ("asks" in play || (play.flag !== undefined && !options.flags?.has(play.flag))) return [];
  const hosts = playHosts(play, inventory, options.limit);
  if (!hosts.includes(host)) return [];
  try {
    const { segments } = workOf(play, siteOf(inPlay(host, play, context), hosts[0] === host, context), facts);
    return segments
      .filter((segment) => segment.host === host.name)
      .flatMap(({ resources }) => lookAt(resources, [standingProbe(options.paths, scope)]).sections);
  } catch {
    // A role that needs what is not known yet, or refuses the host: it will say so in its turn.
    return [];
  }
}
