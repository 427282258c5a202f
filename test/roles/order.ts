import { dirname } from "node:path";
import type { Test } from "tap";
import type { Resource } from "../../engine/index.ts";
import { namesOf } from "./site.ts";

/** That of the resources that these name, those of each come before those of the next; each names one at least. */
export function comesInOrder(t: Test, resources: readonly Resource[], order: readonly RegExp[]): void {
  const names = namesOf(resources);
  const places = order.map((name) => names.flatMap((one, index) => (name.test(one) ? [index] : [])));
  for (const [index, place] of places.entries()) {
    t.not(place.length, 0, `${order[index]} is there`);
    const before = index === 0 ? -1 : Math.max(...(places[index - 1] ?? []));
    t.ok(Math.min(...place) > before, `${order[index]} comes after ${order[index - 1] ?? "nothing"}`);
  }
}

/** That each file and folder below a path has a folder that was there before it. */
export function foldersComeFirst(t: Test, resources: readonly Resource[], below: string): void {
  const made = new Set<string>();
  for (const { kind, id } of resources.filter(({ id }) => id.startsWith(`${below}/`) || id === below)) {
    if (id !== below && kind.name !== "absent") t.ok(made.has(dirname(id)), `${kind.name} ${id}`);
    if (kind.name === "directory") made.add(id);
  }
}

/** That nothing is held by two resources. */
export function isHeldOnce(t: Test, resources: readonly Resource[]): void {
  const names = namesOf(resources);
  t.same(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
}

/** Those of these resources that lack a tag. */
export function untagged(resources: readonly Resource[], tag: string): readonly string[] {
  return namesOf(resources.filter(({ options }) => !options.tags?.includes(tag)));
}
