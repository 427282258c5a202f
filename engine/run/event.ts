import type { Change } from "../resource/resource.ts";
import type { Finding } from "../role/playbook.ts";

export type { Finding };

/** A resource, as reports may show it. */
export interface ResourceRef {
  /** The resource type's name. */
  readonly type: string;
  readonly id: string;
  /** The role's `file:line`. */
  readonly origin: string;
}

/** A resource that differs. */
export interface PlannedStep extends ResourceRef {
  readonly changes: readonly Change[];
  /** It is only waited for, and not counted as changed. */
  readonly condition?: true;
}

/** Why a host was left. `stderr` holds the last lines only; `hint` says what to do next. */
export interface Failure {
  readonly kind: "unreachable" | "locked" | "failed" | "interrupted";
  readonly message: string;
  readonly step?: PlannedStep | undefined;
  readonly stderr?: string | undefined;
  readonly hint?: string | undefined;
}

/** How a host ended. */
export interface HostResult {
  readonly host: string;
  /** Resources in sync from the start, and resources changed (in check mode: that would change). */
  readonly ok: number;
  readonly changed: number;
  /** Resources that differ and that a failure kept the run from reaching. */
  readonly skipped: number;
  /** Handlers that ran (in check mode: that are waiting). */
  readonly handlers: readonly string[];
  readonly failure?: Failure | undefined;
  /** What the roles have to say at the end. */
  readonly notes: readonly string[];
  readonly execs: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly durationMs: number;
}

/** What a run does on a host, in this order; probe and apply again until everything holds. */
export type Phase = "connect" | "facts" | "probe" | "apply" | "handlers" | "prove";

/** All that reports may know of a run. Every text in it is masked. */
export type RunEvent =
  | {
      readonly kind: "started";
      /** Of these events (docs/output.md): a new one when a field goes or changes its meaning. */
      readonly version: 1;
      readonly run: string;
      readonly playbook: string;
      readonly inventory: readonly string[];
      readonly check: boolean;
      readonly hosts: readonly string[];
    }
  | { readonly kind: "play"; readonly name: string; readonly hosts: readonly string[] }
  | {
      /** A host begins something that takes time. */
      readonly kind: "phase";
      readonly host: string;
      readonly phase: Phase;
      readonly pass?: number | undefined;
      /** The resources or handlers that it is about, counted; `names` has those that run one after the other. */
      readonly count?: number | undefined;
      readonly names?: readonly string[] | undefined;
    }
  | {
      readonly kind: "connected";
      readonly host: string;
      readonly system: string;
      /** To connect, log in and gather the facts; and what of it the facts took. */
      readonly durationMs: number;
      readonly factsMs: number;
    }
  | {
      readonly kind: "planned";
      readonly host: string;
      readonly pass: number;
      readonly resources: number;
      readonly steps: readonly PlannedStep[];
      /** What holds already. */
      readonly inSync: readonly ResourceRef[];
      /** What differs, comes before one of the steps, and is left alone because of `--tags`. */
      readonly left: readonly PlannedStep[];
      /** Handlers notified and not run yet. */
      readonly pending: readonly string[];
      readonly durationMs: number;
    }
  | {
      readonly kind: "applied";
      readonly host: string;
      readonly pass: number;
      readonly steps: readonly PlannedStep[];
      readonly durationMs: number;
    }
  | {
      readonly kind: "handled";
      readonly host: string;
      readonly handlers: readonly string[];
      readonly durationMs: number;
    }
  /** A check of how hosts work together came out. */
  | { readonly kind: "found"; readonly host: string; readonly finding: Finding }
  | { readonly kind: "taken-over"; readonly host: string; readonly holder: string }
  | { readonly kind: "failed"; readonly host: string; readonly failure: Failure }
  /** The play stops, and with it the run; these hosts were not started. */
  | { readonly kind: "stopped"; readonly play: string; readonly reason: string; readonly hosts: readonly string[] }
  | { readonly kind: "retrying"; readonly host: string; readonly reason: string; readonly inMs: number }
  | {
      readonly kind: "finished";
      readonly check: boolean;
      readonly results: readonly HostResult[];
      readonly durationMs: number;
    };

/** Takes events as they happen. */
export type Emit = (event: RunEvent) => void;
