import type { Resource, Step } from "../resource/resource.ts";
import type { Cause } from "./applied.ts";
import type { PlannedStep, ResourceRef } from "./event.ts";

/** A step as reports may show it. */
export function planned({ resource, changes }: Pick<Step, "resource" | "changes">, cause?: Cause): PlannedStep {
  const step = { ...refOf(resource), changes, ...(cause && { cause }) };
  return resource.kind.isCondition ? { ...step, condition: true } : step;
}

/** A resource as reports may show it. */
export function refOf({ kind, id, place }: Resource): ResourceRef {
  return { type: kind.name, id, place };
}

/** As results and the journal on the host call a resource. */
export function keyOf({ kind, id }: Resource): string {
  return `${kind.name} ${id}`;
}
