import type { Resource, Step } from "../resource/resource.ts";

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
