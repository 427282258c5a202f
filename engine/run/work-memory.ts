import type { Facts } from "../facts/facts.ts";
import { isAlike } from "../facts/memory.ts";
import type { Host } from "../inventory/inventory.ts";
import type { RolePlay } from "../role/playbook.ts";
import type { Site } from "../role/role.ts";
import { type HostWork, workOf } from "./work.ts";

/** Work that was made once in this run, with the facts of the run before: most often today's are alike, and it holds. */
export interface WorkMemory {
  /**
   * Returns the work of a play on a host: that of before, where its roles would be given the same. `learned` are the vars that inquiries
   * found, which the site has too. Throws what `workOf` throws.
   */
  of(host: Host, play: RolePlay, given: Given): HostWork;
}

/** What roles make their work of, besides an inventory that stays the same in a run. */
interface Given {
  readonly site: Site;
  readonly facts: Facts;
  readonly learned: ReadonlyMap<string, unknown>;
}

interface Made {
  readonly given: Given;
  readonly work: HostWork;
  /** A role read what changes from one moment to the next. */
  readonly isOfTheMoment: boolean;
}

/** Returns one that remembers nothing. */
export function workMemory(): WorkMemory {
  const all = new Map<Host, Map<RolePlay, Made>>();
  return {
    of(host, play, given) {
      const plays = all.get(host) ?? new Map<RolePlay, Made>();
      all.set(host, plays);
      const known = plays.get(play);
      if (known && !known.isOfTheMoment && isSame(known.given, given)) return known.work;
      const watched = watch(given.facts);
      const work = workOf(play, given.site, watched.facts);
      // What was learned goes on growing.
      const learned = new Map(given.learned);
      plays.set(play, { given: { ...given, learned }, work, isOfTheMoment: watched.wasRead() });
      return work;
    },
  };
}

function isSame(one: Given, other: Given): boolean {
  const givenIn = ({ site: { first, releases } }: Given) => JSON.stringify([first, releases]);
  const isLearned =
    one.learned.size === other.learned.size &&
    [...one.learned].every(([name, value]) => other.learned.get(name) === value);
  return isLearned && givenIn(one) === givenIn(other) && isAlike(one.facts, other.facts);
}

/** The facts, and whether somebody read of them what `isAlike` leaves out. */
function watch(facts: Facts): { readonly facts: Facts; wasRead(): boolean } {
  let wasRead = false;
  const read = <T>(value: T): T => {
    wasRead = true;
    return value;
  };
  const disks = Object.entries(facts.disks).map(([folder, { bytes, freeBytes }]) => [
    folder,
    {
      bytes,
      get freeBytes() {
        return read(freeBytes);
      },
    },
  ]);
  const watched: Facts = {
    ...facts,
    disks: Object.fromEntries(disks),
    get changedBefore() {
      return read(facts.changedBefore);
    },
  };
  return { facts: watched, wasRead: () => wasRead };
}
