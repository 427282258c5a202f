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

/** A look at resources: the sections that ask, in one exec or behind others in one, and what their answers mean. */
export interface Look {
  readonly sections: readonly Script[];
  /** Throws `ProbeFailedError`: of the one resource that cannot be looked at, where it is one. */
  read(session: Session, answers: readonly Section[]): Promise<Probed>;
}

/** Returns the look at all of these resources, with sections of its own before. */
export function lookAt(resources: readonly Resource[], before: readonly Script[] = []): Look {
  const groups = groupByKind(resources);
  return {
    sections: [...before, ...probeScripts(groups)],
    async read(session, answers) {
      try {
        return { before: answers, steps: planSteps(resources, groups, answers.slice(before.length)) };
      } catch (error) {
        if (error instanceof ProbeFailedError && error.group.resources.length > 1) await probeEach(session, error);
        throw error;
      }
    },
  };
}

/** A probe that takes all of a kind does not say at which it failed: each is asked alone. */
async function probeEach(session: Session, { group }: ProbeFailedError): Promise<void> {
  const alone = group.resources.map((resource) => ({ ...group, resources: [resource] }));
  const { sections } = await session.probe(probeScripts(alone));
  alone.forEach((one, index) => {
    planSteps(one.resources, [one], sections.slice(index, index + 1));
  });
}
