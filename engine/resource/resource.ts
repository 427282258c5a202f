import type { Script } from "../shell/sh.ts";
import type { Made } from "./made.ts";
import { type CodePlace, callSite } from "./place.ts";

export { type CodePlace, formatCodePlace, PlacedError, placeOf } from "./place.ts";

/** One field that differs. `before` is absent where nothing was there; `text` holds whole contents for `--diff`. */
export interface Change {
  readonly field: string;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly text?: { readonly before: string; readonly after: string };
  /** `before` and `after` are versions: an upgrade is told with both. */
  readonly isVersion?: true;
}

/** Five pure functions, as docs/writing-a-resource.md shows them. `probe` and `parse` take all resources of the type at once: one fork for many. */
export interface ResourceType<Desired, Current> {
  readonly name: string;
  id(desired: Desired): string;
  /** Read-only script that prints the current state of all of them, in order. */
  probe(desired: readonly Desired[]): Script;
  /** One entry a desired state, in the same order. Throws `ProbeError` on text it does not know. */
  parse(stdout: string, desired: readonly Desired[]): readonly Current[];
  /** Fields to change, in order. Empty means in sync. */
  diff(desired: Desired, current: Current): readonly Change[];
  /** What is in the way of `apply`, which would certainly refuse, and what to do; check mode fails with it. */
  refuses?(desired: Desired, current: Current): string | undefined;
  /** Script that makes exactly these changes. */
  apply(desired: Desired, changes: readonly Change[]): Script;
  /**
   * What `apply` needs and can be had before its turn, while other resources are changed: a download. Runs without words in a folder
   * of its own, where a file `turn` is once its turn has come; `apply` finds in `$early` what is left there, and gets for itself what
   * is not. It ends at SIGTERM with all that it started: its last program is best `exec`ed.
   */
  early?(desired: Desired, changes: readonly Change[]): Script | undefined;
  /** Where many in a row cost less at once: whether this one may be among them, and the script that makes them all, in order. */
  readonly inBulk?: {
    takes(desired: Desired, changes: readonly Change[]): boolean;
    apply(all: readonly Desired[]): Script;
  };
  /** What is not there yet and comes with `apply`, in order: by that the host can be left as it was found. */
  makes?(desired: Desired, current: Current): readonly Made[];
  /** The regular files and the links that `apply` replaces: with them as they were, a change has gone back. */
  keeps?(desired: Desired): readonly string[];
  /**
   * A service. Where it served before a run and does not come up with its changes, they go back, with those of what it `follows`:
   * whether it did, and the script by which it serves again with what was put back. That fails where it does not.
   */
  readonly serves?: {
    before(desired: Desired, changes: readonly Change[]): boolean;
    again(desired: Desired, changes: readonly Change[]): Script;
  };
  /** A condition of health: to apply it is to wait for it, so it is never counted as a change. */
  readonly condition?: true;
  /** Resources (by id) whose change makes this one differ too, and what then differs: a service and its configuration. */
  readonly follows?: {
    ids(desired: Desired): readonly string[];
    changes(desired: Desired, changing: ReadonlySet<string>): readonly Change[];
  };
  /** Makes one of all of the type on a host, at the place of the first: all packages in one transaction. */
  merge?(desired: readonly Desired[]): Desired;
}

/** What a role may say of a resource besides its state. */
export interface ResourceOptions {
  /** Names of the role's handlers to run once after a change. */
  readonly notify?: readonly string[];
  /** For `--tags` and `--skip-tags`; the name of the role is one in any case. */
  readonly tags?: readonly string[];
  /** Probe and change as this user instead of root. */
  readonly becomeUser?: string;
  /** Hold it on this host of the inventory instead; `onHost` sets it. */
  readonly onHost?: string;
}

/** A resource with its type closed over: what the engine sees. */
export interface Resource {
  readonly kind: ResourceKind;
  readonly id: string;
  readonly options: ResourceOptions;
  /** The role's line that made it. */
  readonly place: CodePlace;
  readonly desired: unknown;
}

/** A resource that differs from its desired state, and the script that changes that. */
export interface Step {
  readonly resource: Resource;
  readonly changes: readonly Change[];
  readonly script: Script;
  /** Why a run would not make these changes, where that is certain. */
  readonly refusal?: string | undefined;
  /** What is there because of them, and was not before. */
  readonly makes: readonly Made[];
}

/** A resource type as the engine uses it; the type of its state is known to `defineResource` only. */
export interface ResourceKind {
  readonly name: string;
  readonly isCondition: boolean;
  probe(resources: readonly Resource[]): Script;
  /** One list of changes a resource, in the same order. */
  diff(stdout: string, resources: readonly Resource[]): readonly (readonly Change[])[];
  /** What is in the way of each, in the same order; `undefined` where nothing is known to be. */
  refusals(stdout: string, resources: readonly Resource[]): readonly (string | undefined)[];
  /** What comes with the change of each, in the same order. */
  makes(stdout: string, resources: readonly Resource[]): readonly (readonly Made[])[];
  step(resource: Resource, changes: readonly Change[]): Step;
  /** What may be had before the change's turn. */
  early(step: Step): Script | undefined;
  /** Whether a change may be made with others in one script. */
  goesInBulk(step: Step): boolean;
  /** Script that makes these changes, of which each goes in bulk. */
  bulk(steps: readonly Step[]): Script;
  /** The files and links by which a change of it can go back; none where it cannot. */
  keeps(resource: Resource): readonly string[];
  /** Whether it is a service that served before these changes. */
  servedBefore(step: Step): boolean;
  /** Script by which a service serves again with what was put back; undefined where it is none. */
  servesAgain(resource: Resource, changes: readonly Change[]): Script | undefined;
  /** The ids of what it follows. */
  follows(resource: Resource): readonly string[];
  /** What differs because one of these ids is about to change. */
  followed(resource: Resource, changing: ReadonlySet<string>): readonly Change[];
  merge(resources: readonly Resource[]): readonly Resource[];
}

/** A probe printed what its parser does not know. Never means "absent". */
export class ProbeError extends Error {}

/** Returns the function by which roles make resources of this type. */
export function defineResource<Desired, Current>(
  type: ResourceType<Desired, Current>,
): (desired: Desired, options?: ResourceOptions) => Resource {
  const kind = kindOf(type);
  return (desired, options = {}) => ({ kind, id: type.id(desired), options, place: callSite(), desired });
}

function kindOf<Desired, Current>(type: ResourceType<Desired, Current>): ResourceKind {
  // The one cast: a resource of this kind was made by the function above, with a `Desired`.
  const of = (resource: Resource) => resource.desired as Desired;
  const kind: ResourceKind = {
    name: type.name,
    isCondition: type.condition ?? false,
    probe: (resources) => type.probe(resources.map(of)),
    diff(stdout, resources) {
      const current = type.parse(stdout, resources.map(of));
      if (current.length !== resources.length) {
        throw new ProbeError(`${type.name}: ${current.length} answers to ${resources.length} questions`);
      }
      return resources.map((resource, index) => type.diff(of(resource), current[index] as Current));
    },
    refusals(stdout, resources) {
      const { refuses } = type;
      if (!refuses) return resources.map(() => undefined);
      const current = type.parse(stdout, resources.map(of));
      return resources.map((resource, index) => refuses(of(resource), current[index] as Current));
    },
    makes(stdout, resources) {
      const { makes } = type;
      if (!makes) return resources.map(() => []);
      const current = type.parse(stdout, resources.map(of));
      return resources.map((resource, index) => makes(of(resource), current[index] as Current));
    },
    step: (resource, changes) => ({ resource, changes, script: type.apply(of(resource), changes), makes: [] }),
    early: ({ resource, changes }) => type.early?.(of(resource), changes),
    goesInBulk: ({ resource, changes }) => type.inBulk?.takes(of(resource), changes) ?? false,
    bulk(steps) {
      if (!type.inBulk) throw new TypeError(`${type.name} does not go in bulk`);
      return type.inBulk.apply(steps.map(({ resource }) => of(resource)));
    },
    keeps: (resource) => type.keeps?.(of(resource)) ?? [],
    servedBefore: ({ resource, changes }) => type.serves?.before(of(resource), changes) ?? false,
    servesAgain: (resource, changes) => type.serves?.again(of(resource), changes),
    follows: (resource) => type.follows?.ids(of(resource)) ?? [],
    followed(resource, changing) {
      const { follows } = type;
      return follows?.ids(of(resource)).some((id) => changing.has(id)) ? follows.changes(of(resource), changing) : [];
    },
    merge(resources) {
      const [first, ...others] = resources;
      if (!type.merge || !first || others.length === 0) return resources;
      const desired = type.merge(resources.map(of));
      return [{ ...first, id: type.id(desired), options: mergeOptions(resources), desired }];
    },
  };
  return kind;
}

/** Whether one of the changes is to this field. */
export function touches(changes: readonly Change[], ...fields: readonly string[]): boolean {
  return changes.some(({ field }) => fields.includes(field));
}

/** Whether the changes make the file of something that had none. */
export function isNew(changes: readonly Change[]): boolean {
  return changes.some(({ field, before }) => field === "content" && before === undefined);
}

/** Changes for the fields whose current value is not the wanted one; a field that is wanted as `undefined` is left alone. */
export function compare(
  wanted: Readonly<Record<string, string | undefined>>,
  current: Readonly<Record<string, string | undefined>>,
): readonly Change[] {
  return Object.entries(wanted)
    .filter(([field, after]) => after !== undefined && after !== current[field])
    .map(([field, after]) => ({ field, before: current[field], after }));
}

function mergeOptions(resources: readonly Resource[]): ResourceOptions {
  const all = (pick: (options: ResourceOptions) => readonly string[] | undefined) => [
    ...new Set(resources.flatMap(({ options }) => pick(options) ?? [])),
  ];
  return { ...resources[0]?.options, notify: all(({ notify }) => notify), tags: all(({ tags }) => tags) };
}
