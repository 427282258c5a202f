import type { Made } from "../resource/made.ts";
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

/** Resources that could not be looked at; of one it is known which. */
export class ProbeFailedError extends ProbeError {
  readonly group: Group;
  /** What the probe wrote to stderr. */
  readonly stderr: string;

  constructor(group: Group, problem: string, more: { readonly stderr?: string; readonly cause?: unknown } = {}) {
    super(`cannot probe ${group.kind.name} ${named(group.resources)}: ${problem}`, { cause: more.cause });
    this.group = group;
    this.stderr = more.stderr ?? "";
  }
}

function named(resources: readonly Resource[]): string {
  const [first = "", ...others] = resources.map(({ id }) => id);
  if (others.length === 0) return first;
  return others.length < 3 ? `(${[first, ...others].join(", ")})` : `(${first} and ${others.length} more)`;
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

/** Returns what differs, in the resources' order. Throws `ProbeFailedError` where a probe failed: that is never "absent". */
export function planSteps(
  resources: readonly Resource[],
  groups: readonly Group[],
  sections: readonly Section[],
): readonly Step[] {
  const found = new Map(groups.flatMap((group, index) => read(group, sections[index])));
  const changing = new Set<string>();
  return resources.flatMap((resource) => {
    const { changes: own, refusal, makes } = found.get(resource) ?? { changes: [], makes: [] };
    // What is not there yet starts with everything as it then is.
    const isNew = own.some(({ before }) => before === undefined);
    const followed = isNew ? [] : resource.kind.followed(resource, changing);
    const all = [...own, ...followed.filter(({ field }) => !own.some((change) => change.field === field))];
    if (all.length === 0) return [];
    changing.add(resource.id);
    const step = resource.kind.step(resource, all);
    return [{ ...step, script: asUser(resource.options.becomeUser, step.script), refusal, makes }];
  });
}

interface Found {
  readonly changes: readonly Change[];
  readonly refusal?: string | undefined;
  readonly makes: readonly Made[];
}

function read(group: Group, section: Section | undefined): readonly (readonly [Resource, Found])[] {
  const { kind, resources } = group;
  if (!section) throw new ProbeFailedError(group, "it was not reached");
  if (section.status !== 0) throw new ProbeFailedError(group, `exit ${section.status}`, section);
  try {
    const changes = kind.diff(section.stdout, resources);
    const refusals = kind.refusals(section.stdout, resources);
    const makes = changes.some((one) => one.length > 0) ? kind.makes(section.stdout, resources) : [];
    return resources.map((resource, at) => {
      const own = changes[at] ?? [];
      return [resource, { changes: own, refusal: refusals[at], makes: own.length > 0 ? (makes[at] ?? []) : [] }];
    });
  } catch (cause) {
    if (!(cause instanceof ProbeError)) throw cause;
    throw new ProbeFailedError(group, cause.message, { cause });
  }
}

// A user that this run is yet to make owns nothing: what root sees is what they would.
function probeAs(user: string | undefined, script: Script): Script {
  if (user === undefined) return script;
  return sh`if id -u -- ${user} >/dev/null 2>&1; then ${asUser(user, script)}; else
    ${script}
  fi`;
}

/** Returns the script as another user's. It goes in by stdin, since one argument holds 128 KiB only. */
export function asUser(user: string | undefined, script: Script): Script {
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
      throw new PlacedError(resource.place, { found: `${key} a second time (first at ${first})`, expected: "it once" });
    }
    seen.set(key, resource);
  }
}
