/** The stream of entries about runs in Loki: one a run, with label `outcome`. It has no `environment`: a run may be about several. */
export const RUNS = 'job="hostwright"';

/** How a run ended, as label `outcome` has it. */
export type Outcome = "changed" | "failed" | "in_sync";
