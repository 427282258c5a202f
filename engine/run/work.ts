import type { Facts } from "../facts/facts.ts";
import { hintFor } from "../inventory/suggest.ts";
import { PlacedError, type Resource } from "../resource/resource.ts";
import { type Handler, isRolling } from "../role/handler.ts";
import type { RolePlay } from "../role/playbook.ts";
import type { Role, RolePlan, Site } from "../role/role.ts";
import { mergeResources } from "./plan.ts";

/** What one host shall be: resources, and the handlers that may run then, in order. */
export interface Work {
  readonly resources: readonly Resource[];
  readonly handlers: ReadonlyMap<string, Handler>;
  /** What of it waits until it is the host's turn: it is looked at with the rest, and left. */
  readonly turn?: Turn | undefined;
}

/** What the hosts of a play do one after the other: rolling handlers, and the resources that notify them. */
export type Turn = Omit<Work, "turn">;

/** Work on one host in a row. Resources that a role holds on another host make segments of their own. */
export interface Segment extends Work {
  readonly host: string;
}

/** What the roles of a play ask for on one host, and their lines for the recap. */
export interface HostWork {
  readonly segments: readonly Segment[];
  readonly turn: Turn;
  readonly notes: readonly string[];
}

/** Returns the work of a play on one host. Throws what a role throws: it names the host's own problem. */
export function workOf(play: RolePlay, site: Site, facts: Facts): HostWork {
  const plans = play.roles.map((role) => [role, planOf(role, site, facts)] as const);
  const handlers = new Map(plans.flatMap(([role, plan]) => namedHandlers(role, plan)));
  const segments = plans.flatMap(([role, plan], index) => {
    const resources = plan.resources.map((resource) => prefixed(resource, role, plan));
    return split(resources, site.host.name, play.flushHandlers || index === plans.length - 1 ? handlers : new Map());
  });
  const all = joined(segments);
  const turn = turnOf(
    all.filter(({ host }) => host === site.host.name),
    handlers,
  );
  const isOwn = ({ host }: Segment) => host === site.host.name && (turn.resources.length > 0 || turn.handlers.size > 0);
  return {
    segments: all.map((segment) =>
      isOwn(segment) ? { ...segment, handlers: atOnce(segment.handlers), turn } : segment,
    ),
    turn,
    notes: plans.flatMap(([, { notes }]) => notes),
  };
}

function atOnce(handlers: Work["handlers"]): Work["handlers"] {
  return new Map([...handlers].filter(([, handler]) => !isRolling(handler)));
}

function turnOf(segments: readonly Segment[], handlers: Work["handlers"]): Turn {
  const resources = segments
    .flatMap((segment) => segment.resources)
    .filter(({ options: { notify = [] } }) => notify.some((name) => isRolling(handlers.get(name))));
  const notified = new Set(resources.flatMap(({ options }) => options.notify ?? []));
  const own = [...handlers].filter(([name, handler]) => isRolling(handler) || notified.has(name));
  return { resources, handlers: new Map(own) };
}

function planOf(role: Role, site: Site, facts: Facts): RolePlan {
  const reading = role.plan(site.host, facts, site);
  if ("errors" in reading) throw new TypeError(`role ${role.name}: vars of ${site.host.name} were not checked`);
  return reading.value;
}

/** Cuts where the host changes. Handlers run at the end: earlier ones would run before everything holds. */
function split(resources: readonly Resource[], own: string, handlers: Work["handlers"]): readonly Segment[] {
  const segments: { host: string; resources: Resource[]; handlers: Work["handlers"] }[] = [];
  for (const resource of resources) {
    const host = resource.options.onHost ?? own;
    const last = segments.at(-1);
    if (last?.host === host) last.resources.push(resource);
    else segments.push({ host, resources: [resource], handlers: host === own ? new Map() : handlers });
  }
  const last = segments.findLast(({ host }) => host === own);
  if (last) last.handlers = handlers;
  return segments;
}

/** Roles that follow each other on a host are one piece of work, unless handlers run in between. */
function joined(segments: readonly Segment[]): readonly Segment[] {
  const result: Segment[] = [];
  for (const segment of segments) {
    const last = result.at(-1);
    if (last?.host === segment.host && last.handlers.size === 0) {
      result[result.length - 1] = { ...segment, resources: [...last.resources, ...segment.resources] };
    } else result.push(segment);
  }
  return result.map((segment) => ({ ...segment, resources: mergeResources(segment.resources) }));
}

/** Two roles may have a handler of the same name. */
function prefixed(resource: Resource, role: Role, { handlers }: RolePlan): Resource {
  const notify = (resource.options.notify ?? []).map((name) => {
    if (!(name in handlers)) {
      const known = Object.keys(handlers);
      const expected = `a handler of role ${role.name}`;
      const hint = hintFor(name, known);
      throw new PlacedError(resource.place, { message: "notify", found: `"${name}"`, expected, hint });
    }
    return handlerName(role, name);
  });
  return { ...resource, options: { ...resource.options, notify, tags: [...(resource.options.tags ?? []), role.name] } };
}

function namedHandlers(role: Role, { handlers }: RolePlan): readonly (readonly [string, Handler])[] {
  return Object.entries(handlers).map(([name, script]) => [handlerName(role, name), script] as const);
}

function handlerName(role: Role, name: string): string {
  return `${role.name}: ${name}`;
}
