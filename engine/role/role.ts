import type { Facts } from "../facts/facts.ts";
import type { Resource } from "../resource/resource.ts";
import type { Handler } from "./handler.ts";
import { type Reading, readVars, type Schema, type VarsOf } from "./schema.ts";

/** A host as roles see it: its name and its vars, unchecked. */
export interface HostVars {
  readonly name: string;
  readonly groups: readonly string[];
  readonly vars: Readonly<Record<string, unknown>>;
}

/** Where a downloaded file's hash was read first; kept in a lock file beside the inventory. */
export interface LockedRelease {
  readonly sha256: string;
  readonly source: string;
  /** Where it is not upstream's own: what it has not, by the names that whoever proves things gives them. */
  readonly lacks?: readonly string[];
}

/** What a role may know besides its own vars: the host it runs for, the others, and the hashes of releases. */
export interface Site {
  readonly host: HostVars;
  /** This is the first host of the play: the one for what is done once. */
  readonly first: boolean;
  /** What the inventory files of this run are called, the same in every checkout of their repository. */
  readonly inventory: readonly string[];
  /** Hosts of a group, in inventory order, whether or not this run is limited to some. */
  hosts(group: string): readonly HostVars[];
  /** By file name. */
  readonly releases: Readonly<Record<string, LockedRelease>>;
}

/** A download that a role needs and whose hash nobody has written down yet: read from the release's own checksum file. */
export interface WantedRelease {
  readonly file: string;
  readonly checksumsUrl: string;
  /** Other checksum files of the same release: a hash that was read there holds too. */
  readonly alsoFrom?: readonly string[];
  /** Names of hosts that the URL may lead on to, besides its own. */
  readonly hosts?: readonly string[];
}

/** What a role makes of vars and facts. Handlers run once, after everything holds, in this order. */
export interface RolePlan {
  readonly resources: readonly Resource[];
  readonly handlers: Readonly<Record<string, Handler>>;
  /** Lines for the recap: where the thing answers, what is not the real thing. */
  readonly notes: readonly string[];
}

/** A role with its vars closed over: what the engine sees. */
export interface Role {
  readonly name: string;
  readonly schema: Schema;
  /** Folders whose disks it reads from the facts. */
  readonly measures: readonly string[];
  /** Releases whose hash has to be found before the plan: `site` has none yet. */
  releases(host: HostVars, facts: Facts, site: Site): readonly WantedRelease[];
  plan(host: HostVars, facts: Facts, site: Site): Reading<RolePlan>;
}

interface RoleDefinition<S extends Schema> {
  readonly name: string;
  readonly vars: S;
  /** Folders whose disks are to be among the facts: see `diskOf`. */
  readonly measures?: readonly string[];
  resources(vars: VarsOf<S>, facts: Facts, site: Site): readonly Resource[];
  handlers?(vars: VarsOf<S>, site: Site): Readonly<Record<string, Handler>>;
  notes?(vars: VarsOf<S>, facts: Facts, site: Site): readonly string[];
  releases?(vars: VarsOf<S>, facts: Facts, site: Site): readonly WantedRelease[];
}

/** Returns a role: a pure function from checked vars and facts to resources. */
export function defineRole<const S extends Schema>(definition: RoleDefinition<S>): Role {
  const { name, vars: schema } = definition;
  return {
    name,
    schema,
    measures: definition.measures ?? [],
    releases(host, facts, site) {
      const reading = readVars(schema, host.vars);
      return "errors" in reading ? [] : (definition.releases?.(reading.value, facts, site) ?? []);
    },
    plan(host, facts, site) {
      const reading = readVars(schema, host.vars);
      if ("errors" in reading) return reading;
      const { value } = reading;
      const resources = definition.resources(value, facts, site);
      const handlers = definition.handlers?.(value, site) ?? {};
      return { value: { resources, handlers, notes: definition.notes?.(value, facts, site) ?? [] } };
    },
  };
}
