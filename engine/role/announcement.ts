import type { Asker } from "./playbook.ts";

/** How a run went. */
export interface RunSummary {
  /** Its id, as the hosts' journals have it. */
  readonly run: string;
  readonly operator: string;
  readonly playbook: string;
  /** The playbook's commit; empty outside a git checkout. */
  readonly commit: string;
  readonly durationMs: number;
  /** Hosts in the order in which the run came to them. */
  readonly hosts: readonly HostSummary[];
}

export interface HostSummary {
  readonly name: string;
  /** What was changed: each resource's type and id. */
  readonly changed: readonly string[];
  /** Why it was left; undefined where all went well. */
  readonly failure: { readonly kind: string; readonly message: string } | undefined;
}

/** Who is told of a run once it is over, whatever came of it: for a mark in a picture, a message, a ticket. */
export interface Announcement {
  /** What could not be done where it fails, as a line of the recap says it. */
  readonly otherwise: string;
  /** A pattern: whose sites are handed over, also where `--limit` leaves them out. */
  readonly hosts: string;
  /** Not called in check mode, nor for a run that was interrupted. What it throws fails no host. */
  readonly announce: (run: RunSummary, asker: Pick<Asker, "sites" | "ask">) => Promise<void>;
}
