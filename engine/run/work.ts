import type { Facts } from "../facts/facts.ts";
import type { Resource } from "../resource/resource.ts";
import type { Role, RolePlan, Site } from "../role/role.ts";
import type { Script } from "../shell/sh.ts";
import type { Work } from "./converge.ts";
import { mergeResources } from "./plan.ts";

/** Which resources a run looks at. */
export interface Selection {
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
}

/** What the roles of a host ask for, and their lines for the recap. */
export interface HostWork extends Work {
  readonly notes: readonly string[];
}

/** Returns the work of all roles on one host, in their order. Throws what a role throws: it names the host's own problem. */
export function workOf(roles: readonly Role[], site: Site, facts: Facts, selection: Selection): HostWork {
  const plans = roles.map((role) => [role, planOf(role, site, facts)] as const);
  const resources = plans.flatMap(([role, plan]) => plan.resources.map((resource) => prefixed(resource, role, plan)));
  return {
    resources: mergeResources(resources.filter((resource) => isSelected(resource, selection))),
    handlers: new Map(plans.flatMap(([role, plan]) => namedHandlers(role, plan))),
    notes: plans.flatMap(([, { notes }]) => notes),
  };
}

function planOf(role: Role, site: Site, facts: Facts): RolePlan {
  const reading = role.plan(site.host, facts, site);
  if ("errors" in reading) throw new TypeError(`role ${role.name}: vars of ${site.host.name} were not checked`);
  return reading.value;
}

/** Two roles may have a handler of the same name. */
function prefixed(resource: Resource, role: Role, { handlers }: RolePlan): Resource {
  const notify = (resource.options.notify ?? []).map((name) => {
    if (!(name in handlers)) throw new TypeError(`${resource.origin}: role ${role.name} has no handler "${name}"`);
    return handlerName(role, name);
  });
  return { ...resource, options: { ...resource.options, notify, tags: [...(resource.options.tags ?? []), role.name] } };
}

function namedHandlers(role: Role, { handlers }: RolePlan): readonly (readonly [string, Script])[] {
  return Object.entries(handlers).map(([name, script]) => [handlerName(role, name), script] as const);
}

function handlerName(role: Role, name: string): string {
  return `${role.name}: ${name}`;
}

function isSelected({ options: { tags = [] } }: Resource, selection: Selection): boolean {
  const wanted = selection.tags.length === 0 || tags.some((tag) => selection.tags.includes(tag));
  return wanted && !tags.some((tag) => selection.skipTags.includes(tag));
}
