import type { Resource, Step } from "../resource/resource.ts";
import type { Script } from "../shell/sh.ts";
import { ApplyError } from "./converge-error.ts";
import type { LockedOptions, Progress } from "./converge-options.ts";
import { goBack, RolledBackError } from "./go-back.ts";
import { keyOf } from "./planned.ts";
import { keepUnproven, previousServices } from "./previous.ts";
import type { Work } from "./work.ts";

/** A service that a run changes, and that served before. */
export interface ServiceChange {
  readonly step: Step;
  /** What is changed for it, in order: what it follows, what shares a tag with it, and itself. */
  readonly parts: readonly Resource[];
}

/** The services among these steps that have something to go back to. */
export function servicesIn(steps: readonly Step[], { resources }: Work): readonly ServiceChange[] {
  const share = sharing(resources);
  return steps
    .filter((step) => step.resource.kind.servedBefore(step))
    .map((step) => {
      const ids = step.resource.kind.follows(step.resource);
      const isPart = (one: Resource) => one === step.resource || ids.includes(one.id) || share(one, step.resource);
      return { step, parts: steps.map(({ resource }) => resource).filter(isPart) };
    });
}

/** Script that keeps what is changed for these services, before it is. */
export function keepServices(services: readonly ServiceChange[], { host, paths }: LockedOptions): Script {
  const files = services.flatMap(({ parts }) => parts.flatMap((one) => one.kind.keeps(one)));
  return keepUnproven(previousServices(host, paths), [...new Set(files)]);
}

/**
 * Where a service did not come up, or a condition of its health does not hold with its changes, these go back. Returns the error to
 * throw: with how that went, or as it was where there is nothing to go back to. `held` are conditions that held before the run.
 */
export async function withoutChanges(
  error: unknown,
  { resources }: Work,
  { services, held }: Before,
  options: LockedOptions,
  progress: Progress,
): Promise<unknown> {
  if (!(error instanceof ApplyError)) return error;
  const isAbout = relation(resources);
  const failed = resources.find((one) => error.step && keyOf(one) === `${error.step.type} ${error.step.id}`);
  const touched = services.filter(({ step }) => step.resource === failed || progress.changed.has(keyOf(step.resource)));
  const all = touched.filter(({ step }) => step.resource === failed || (failed && isAbout(failed, step.resource)));
  if (all.length === 0) return error;
  const way = {
    resources: [...new Set(all.flatMap(({ parts }) => parts))],
    changes: new Map(all.map(({ step }) => [step.resource, step.changes])),
    proofs: held.filter((one) => all.some(({ step }) => isAbout(one, step.resource))).map(waitedFor),
    previous: previousServices(options.host, options.paths),
  };
  const rollback = await goBack(way, options, progress);
  return rollback ? new RolledBackError(error, rollback) : error;
}

/** What was there before a run changed anything. */
export interface Before {
  readonly services: readonly ServiceChange[];
  /** Conditions that held. */
  readonly held: readonly Resource[];
}

function waitedFor(condition: Resource): Script {
  return condition.kind.step(condition, []).script;
}

/**
 * Tells whether a condition is about a service: where they share a tag. A service that shares one with no condition is what all of
 * them are about.
 */
function relation(all: readonly Resource[]): (condition: Resource, service: Resource) => boolean {
  const share = sharing(all);
  const conditions = all.filter(({ kind }) => kind.isCondition);
  return (condition, service) =>
    condition.kind.isCondition && (share(condition, service) || !conditions.some((one) => share(one, service)));
}

/** Tells whether two share a tag that not all resources have: the name of a service, or of one role of several. */
function sharing(all: readonly Resource[]): (one: Resource, other: Resource) => boolean {
  const tagsOf = ({ options }: Resource) => options.tags ?? [];
  const own = (one: Resource) => tagsOf(one).filter((tag) => !all.every((other) => tagsOf(other).includes(tag)));
  return (one, other) => own(one).some((tag) => own(other).includes(tag));
}
