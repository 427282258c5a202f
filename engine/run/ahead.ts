import type { Host } from "../inventory/inventory.ts";
import type { Play } from "../role/playbook.ts";
import type { Script } from "../shell/sh.ts";
import { type Context, inPlay, siteOf } from "./context.ts";
import { pendingProbe } from "./host-state.ts";
import { playHosts } from "./play-hosts.ts";
import { lookAt } from "./probe.ts";
import type { Session } from "./session.ts";
import { workOf } from "./work.ts";

/**
 * Looks at a host as all plays to come will, in one exec, while other hosts are looked at too: plays wait for each other's
 * changes, and a run in sync has none. A host that nobody changed yet is left: there all differs.
 */
export async function lookAhead(host: Host, session: Session, context: Context): Promise<void> {
  if (!session.facts.changedBefore) return;
  const all = (context.options.plays ?? []).flatMap((play) => sectionsOf(host, session, play, context));
  const sections = [...new Map(all.map((section) => [section.text, section])).values()];
  if (sections.length === 0) return;
  await context.said.note(host, sections, async () => (await session.probe(sections)).sections);
}

function sectionsOf(host: Host, { facts }: Session, play: Play, context: Context): readonly Script[] {
  const { inventory, options } = context;
  if ("asks" in play || (play.flag !== undefined && !options.flags?.has(play.flag))) return [];
  const hosts = playHosts(play, inventory, options.limit);
  if (!hosts.includes(host)) return [];
  try {
    const { segments } = workOf(play, siteOf(inPlay(host, play, context), hosts[0] === host, context), facts);
    return segments
      .filter((segment) => segment.host === host.name)
      .flatMap(({ resources }) => lookAt(resources, [pendingProbe(options.paths)]).sections);
  } catch {
    // A role that needs what is not known yet, or refuses the host: it will say so in its turn.
    return [];
  }
}
