import type { Change, Resource, ResourceKind, Step } from "../resource/resource.ts";
import { formatCodePlace, PlacedError, ProbeError } from "../resource/resource.ts";
import type { Section } from "../shell/frame.ts";
import { type Script, sh } from "../shell/sh.ts";

/** Resources that are probed together: of one kind, as one user. */
export interface Group {
  readonly kind: ResourceKind;
  readonly user: string | undefined;
  readonly resources: readonly Resource[];
}

/** Groups resources for probing, in order of first appearance. */
export function groupByKind(resources: readonly Resource[]): readonly Group[] {
  const groups: { kind: ResourceKind; user: string | undefined; resources: Resource[] }[] = [];
  for (const resource of resources) {
    const { kind, options } = resource;
    const group = groups.find((one) => one.kind === kind && one.user === options.becomeUser);
    if (group) group.resources.push(resource);
    else groups.push({ kind, user: options.becomeUser, resources: [resource] });
  }
  return groups;
}

/** Returns the resources with those of a kind that merges made one, at the place of its first. Refuses two of one id. */
export function mergeResources(resources: readonly Resource[]): readonly Resource[] {
  const places = new Map(
    groupByKind(resources).flatMap(({ kind, resources: all }) => {
      const merged = kind.merge(all);
      return merged.length === all.length
        ? merged.map((one) => [one, one] as const)
        : merged.map((one) => [all[0], one] as const);
    }),
  );
  const kept = resources.flatMap((resource) => places.get(resource) ?? []);
  refuseTwins(kept);
  return kept;
}

/** One read-only script a kind. */
export function probeScripts(groups: readonly Group[]): readonly Script[] {
  return groups.map(({ kind, user, resources }) => probeAs(user, kind.probe(resources)));
}

/** Returns what differs, in the resources' order. Throws `ProbeError` where a probe failed: that is never "absent". */
export function planSteps(
  resources: readonly Resource[],
  groups: readonly Group[],
  sections: readonly Section[],
): readonly Step[] {
  const changes = new Map<Resource, readonly Change[]>();
  groups.forEach(({ kind, resources: all }, index) => {
    const lists = read(kind, all, sections[index]);
    all.forEach((resource, at) => {
      changes.set(resource, lists[at] ?? []);
    });
  });
  const changing = new Set<string>();
  return resources.flatMap((resource) => {
    const own = changes.get(resource) ?? [];
    // What is not there yet starts with everything as it then is.
    const isNew = own.some(({ before }) => before === undefined);
    const followed = isNew ? [] : resource.kind.followed(resource, changing);
    const all = [...own, ...followed.filter(({ field }) => !own.some((change) => change.field === field))];
    if (all.length === 0) return [];
    changing.add(resource.id);
    const step = resource.kind.step(resource, all);
    return [{ ...step, script: asUser(resource.options.becomeUser, step.script) }];
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

// A user that this run is yet to make owns nothing: what root sees is what they would.
function probeAs(user: string | undefined, script: Script): Script {
  if (user === undefined) return script;
  return sh`if id -u -- ${user} >/dev/null 2>&1; then ${asUser(user, script)}; else
    ${script}
  fi`;
}

/** The script as another user's. It goes in by stdin, since one argument holds 128 KiB only. */
function asUser(user: string | undefined, script: Script): Script {
  if (user === undefined) return script;
  // PAM gives a new session the mask of a person at a terminal.
  return sh`printf %s ${`set -eu; umask 077\n{\n${script.text}\n} </dev/null\n`} | su -s /bin/sh ${user} -c 'exec sh -s'`;
}

function refuseTwins(resources: readonly Resource[]): void {
  const seen = new Map<string, Resource>();
  for (const resource of resources) {
    const key = `${resource.kind.name} ${resource.id}`;
    const twin = seen.get(key);
    if (twin) {
      const first = formatCodePlace(twin.place);
      throw new PlacedError(resource.place, `found ${key} a second time (first at ${first}), expected it once`);
    }
    seen.set(key, resource);
  }
}
