import type { Facts } from "./facts.ts";

/** The facts of hosts as the last run found them: a guess, by which the next may ask with its first exec. Neither ever throws. */
export interface FactsMemory<Host> {
  recall(host: Host): Promise<Facts | undefined>;
  keep(host: Host, facts: Facts): Promise<void>;
}

/** Whether two of a host are the same, but for what changes from one moment to the next. */
export function isAlike(one: Facts, other: Facts): boolean {
  return stable(one) === stable(other);
}

function stable(facts: Facts): string {
  return JSON.stringify(facts, (name, value) => (name === "freeBytes" || name === "changedBefore" ? undefined : value));
}
