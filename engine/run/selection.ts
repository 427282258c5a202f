import type { Resource, Step } from "../resource/resource.ts";
import { isRolling } from "../role/handler.ts";
import type { Work } from "./work.ts";

/** Which resources a run changes: all, or those with one of these tags. A role's name is a tag of all it makes. */
export interface Selection {
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
}

/** The tags of a resource; `always` and `never` mean what they mean to Ansible. */
function isSelected({ options: { tags = [] } }: Resource, { tags: wanted, skipTags }: Selection): boolean {
  if (tags.some((tag) => skipTags.includes(tag))) return false;
  if (wanted.length === 0 || wanted.includes("all"))
    return !tags.includes("never") || tags.some((tag) => wanted.includes(tag));
  return tags.includes("always") || tags.some((tag) => wanted.includes(tag));
}

/** Splits a plan: what to change, and what is left although it differs and comes before something that is changed. */
export function select(
  steps: readonly Step[],
  selection: Selection,
): { chosen: readonly Step[]; left: readonly Step[] } {
  const chosen = steps.filter(({ resource }) => isSelected(resource, selection));
  const last = steps.findLastIndex((step) => chosen.includes(step));
  return { chosen, left: steps.slice(0, last + 1).filter((step) => !chosen.includes(step)) };
}

/** What is to be done of a plan, now and later. */
export interface Due {
  readonly steps: readonly Step[];
  /** Steps that wait for the host's turn. */
  readonly later: readonly Step[];
  readonly pending: readonly string[];
  /** Whether anything waits for it: a step, or a handler that an earlier run left. */
  readonly waits: boolean;
}

/** Tells what is due now from what waits for the host's turn. In check mode nothing waits: all is shown. */
export function due(
  { handlers, turn }: Work,
  chosen: readonly Step[],
  notified: readonly string[],
  check: boolean,
): Due {
  const waiting = check ? undefined : turn;
  const later = chosen.filter(({ resource }) => waiting?.resources.includes(resource));
  const rolls = notified.some((name) => isRolling(waiting?.handlers.get(name)));
  return {
    steps: chosen.filter((step) => !later.includes(step)),
    later,
    pending: notified.filter((name) => handlers.has(name) || (check && turn?.handlers.has(name))),
    waits: later.length > 0 || rolls,
  };
}
