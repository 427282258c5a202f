import type { Role } from "./role.ts";

/** One entry of a playbook: which hosts get which roles. */
export interface Play {
  readonly name?: string;
  /** A pattern, as in `--limit`. */
  readonly hosts: string;
  readonly roles: readonly Role[];
}

/** Plays, in order. */
export type Playbook = readonly Play[];

/** Returns its argument: exists for the editor's sake. */
export function definePlaybook(plays: Playbook): Playbook {
  return plays;
}
