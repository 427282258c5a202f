import type { Change, Resource, ResourceKind, Step } from "../resource/resource.ts";
import { ProbeError } from "../resource/resource.ts";
import type { Section } from "../shell/frame.ts";
import type { Script } from "../shell/sh.ts";

/** Resources by kind, in order of first appearance: each kind is probed once for all of its resources. */
export type Groups = readonly (readonly [ResourceKind, readonly Resource[]])[];

/** Groups resources for probing. */
export function groupByKind(resources: readonly Resource[]): Groups {
  const groups = new Map<ResourceKind, Resource[]>();
  for (const resource of resources) groups.set(resource.kind, [...(groups.get(resource.kind) ?? []), resource]);
  return [...groups];
}

/** Returns the resources with those of a kind that merges made one, at the place of its first. Refuses two of one id. */
export function mergeResources(resources: readonly Resource[]): readonly Resource[] {
  const merged = new Map(groupByKind(resources).map(([kind, all]) => [kind, kind.merge(all)]));
  const kept = resources.flatMap((resource) => {
    const all = merged.get(resource.kind) ?? [];
    if (all.includes(resource)) return [resource];
    const [first, ...others] = groupOf(resources, resource);
    return first === resource && others.length > 0 && all.length === 1 ? all : [];
  });
  refuseTwins(kept);
  return kept;
}

/** One read-only script a kind. */
export function probeScripts(groups: Groups): readonly Script[] {
  return groups.map(([kind, resources]) => kind.probe(resources));
}

/** Returns what differs, in the resources' order. Throws `ProbeError` where a probe failed: that is never "absent". */
export function planSteps(
  resources: readonly Resource[],
  groups: Groups,
  sections: readonly Section[],
): readonly Step[] {
  const changes = new Map<Resource, readonly Change[]>();
  groups.forEach(([kind, all], index) => {
    const lists = read(kind, all, sections[index]);
    all.forEach((resource, at) => {
      changes.set(resource, lists[at] ?? []);
    });
  });
  const changing = new Set<string>();
  return resources.flatMap((resource) => {
    const own = changes.get(resource) ?? [];
    const all = own.length > 0 ? own : resource.kind.followed(resource, changing);
    if (all.length === 0) return [];
    changing.add(resource.id);
    return [resource.kind.step(resource, all)];
  });
}

function read(
  kind: ResourceKind,
  all: readonly Resource[],
  section: Section | undefined,
): readonly (readonly Change[])[] {
  const ids = all.map(({ id }) => id).join(", ");
  if (!section) throw new ProbeError(`${kind.name} (${ids}) was not probed`);
  if (section.status !== 0) {
    throw new ProbeError(
      `cannot probe ${kind.name} (${ids}): exit ${section.status}: ${section.stderr || "no message"}`,
    );
  }
  return kind.diff(section.stdout, all);
}

function groupOf(resources: readonly Resource[], resource: Resource): readonly Resource[] {
  return resources.filter(({ kind }) => kind === resource.kind);
}

function refuseTwins(resources: readonly Resource[]): void {
  const seen = new Map<string, Resource>();
  for (const resource of resources) {
    const key = `${resource.kind.name} ${resource.id}`;
    const twin = seen.get(key);
    if (twin) throw new TypeError(`${key} is described twice: ${twin.origin} and ${resource.origin}`);
    seen.set(key, resource);
  }
}
