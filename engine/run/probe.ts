import type { Resource, Step } from "../resource/resource.ts";
import type { Section } from "../shell/frame.ts";
import type { Script } from "../shell/sh.ts";
import { groupByKind, ProbeFailedError, planSteps, probeScripts } from "./plan.ts";
import type { Session } from "./session.ts";

/** What differs, and what the sections before the probes said. */
export interface Probed {
  readonly before: readonly Section[];
  readonly steps: readonly Step[];
}

/** Looks at all resources with one exec. Throws `ProbeFailedError`: of the one resource that cannot be looked at, where it is one. */
export async function probeAll(
  session: Session,
  resources: readonly Resource[],
  before: readonly Script[] = [],
): Promise<Probed> {
  const groups = groupByKind(resources);
  const { sections } = await session.probe([...before, ...probeScripts(groups)]);
  try {
    return { before: sections, steps: planSteps(resources, groups, sections.slice(before.length)) };
  } catch (error) {
    if (error instanceof ProbeFailedError && error.group.resources.length > 1) await probeEach(session, error);
    throw error;
  }
}

/** A probe that takes all of a kind does not say at which it failed: each is asked alone. */
async function probeEach(session: Session, { group }: ProbeFailedError): Promise<void> {
  const alone = group.resources.map((resource) => ({ ...group, resources: [resource] }));
  const { sections } = await session.probe(probeScripts(alone));
  alone.forEach((one, index) => {
    planSteps(one.resources, [one], sections.slice(index, index + 1));
  });
}
