import type { Change } from "../resource/resource.ts";

/** A resource that differs, as reports may show it. */
export interface PlannedStep {
  /** The resource type's name. */
  readonly type: string;
  readonly id: string;
  /** The role's `file:line`. */
  readonly origin: string;
  readonly changes: readonly Change[];
}

/** Why a host was left. `stderr` holds the last lines only; `hint` says what to do next. */
export interface Failure {
  readonly kind: "unreachable" | "locked" | "failed";
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

/** All that reports may know of a run. Every text in it is masked. */
export type RunEvent =
  | {
      readonly kind: "started";
      readonly run: string;
      readonly playbook: string;
      readonly inventory: readonly string[];
      readonly check: boolean;
      readonly hosts: readonly string[];
    }
  | { readonly kind: "play"; readonly name: string; readonly hosts: readonly string[] }
  | { readonly kind: "connected"; readonly host: string; readonly system: string; readonly durationMs: number }
  | {
      readonly kind: "planned";
      readonly host: string;
      readonly pass: number;
      readonly resources: number;
      readonly steps: readonly PlannedStep[];
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
  | { readonly kind: "taken-over"; readonly host: string; readonly holder: string }
  | { readonly kind: "failed"; readonly host: string; readonly failure: Failure }
  | {
      readonly kind: "finished";
      readonly check: boolean;
      readonly results: readonly HostResult[];
      readonly durationMs: number;
    };

/** Takes events as they happen. */
export type Emit = (event: RunEvent) => void;
