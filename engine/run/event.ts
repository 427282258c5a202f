import type { Change } from "../resource/resource.ts";
import type { Finding } from "../role/playbook.ts";
import type { Cause } from "./applied.ts";

export type { Finding };

/** A line of a file. Without `line` it is the file as a whole. */
export interface Place {
  readonly file: string;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** A resource, as reports may show it. */
export interface ResourceRef {
  /** The resource type's name. */
  readonly type: string;
  readonly id: string;
  /** The role's line that made it. */
  readonly place: Place;
}

/** A resource that differs. */
export interface PlannedStep extends ResourceRef {
  readonly changes: readonly Change[];
  /** It is only waited for, and not counted as changed. */
  readonly condition?: true;
  /** Why it differs, where that is known: somebody edited the host since the last run, or the repository wants something else. */
  readonly cause?: Cause;
}

/** A change that was made. */
export interface AppliedStep extends PlannedStep {
  /** On the host: with the program that judged a copy, or the restart. Not known of files that were replaced together. */
  readonly durationMs?: number;
}

/** Whatever went wrong, in this one shape: why a host was left, or why a run was refused before any was contacted. */
export interface Failure {
  readonly kind: "refused" | "unreachable" | "locked" | "failed" | "interrupted";
  /** What happened, in one line. */
  readonly message: string;
  /** Where these are known apart from the message, which then does not say them again. */
  readonly found?: string | undefined;
  readonly expected?: string | undefined;
  /** What to do next. */
  readonly hint?: string | undefined;
  /** The line of a role, an inventory or a vars file that it is about. */
  readonly place?: Place | undefined;
  /** Of what is refused: the host whose roles were asked. */
  readonly host?: string | undefined;
  /** The host that it happened on, where roles hold something on another one. */
  readonly on?: string | undefined;
  /** The resource that it is about, with what was found and wanted of each field. */
  readonly step?: PlannedStep | undefined;
  /** The handler that failed. */
  readonly handler?: string | undefined;
  /** The checks that came out broken. */
  readonly checks?: readonly Finding[] | undefined;
  /** Its last lines. */
  readonly stderr?: string | undefined;
  /** What went back to how it was before, because of this. */
  readonly rollback?: Rollback | undefined;
}

/** How changes went back that did not prove themselves. */
export interface Rollback {
  /** As they were before. */
  readonly resources: readonly ResourceRef[];
  /** Changed, and of a kind that cannot go back. */
  readonly left: readonly ResourceRef[];
  /** Whether all is well again: what was put back is there, and the handlers succeeded with it. */
  readonly works: boolean;
  /** Where it is not: the last lines of what failed. */
  readonly stderr?: string | undefined;
}

/** How a host ended. */
export interface HostResult {
  readonly host: string;
  /** Resources in sync from the start, and resources changed (in check mode: that would change). */
  readonly ok: number;
  readonly changed: number;
  /** Resources that differ and that a failure kept the run from reaching. */
  readonly skipped: number;
  /** Of those that differed: how many somebody edited on the host since the last run. */
  readonly edited: number;
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
export type Phase = "connect" | "facts" | "probe" | "apply" | "handlers" | "rollback" | "prove";

/** The host that an event is about; where its roles hold something on another one, that is `on`. */
export interface OfHost {
  readonly host: string;
  readonly on?: string | undefined;
}

/** Of these events (docs/output.md): a new one when a field goes or changes its meaning. */
export type EventsVersion = 2;

/** All that reports may know of a run. Every text in it is masked. */
export type RunEvent =
  | {
      readonly kind: "started";
      readonly version: EventsVersion;
      readonly run: string;
      readonly playbook: string;
      readonly inventory: readonly string[];
      readonly check: boolean;
      readonly hosts: readonly string[];
    }
  /** The command line, the inventory or the playbook cannot be used: no host is contacted, and nothing follows. */
  | { readonly kind: "refused"; readonly version: EventsVersion; readonly failures: readonly Failure[] }
  | { readonly kind: "play"; readonly name: string; readonly hosts: readonly string[] }
  | HostEvent
  /** The play stops, and with it the run; these hosts were not started. */
  | {
      readonly kind: "stopped";
      readonly play: string;
      readonly reason: string;
      readonly hosts: readonly string[];
      /** Hosts whose turn did not come any more: what waited for it was not touched. */
      readonly waiting: readonly string[];
    }
  | {
      readonly kind: "finished";
      readonly check: boolean;
      readonly results: readonly HostResult[];
      readonly durationMs: number;
    };

/** What happens on one host. */
export type HostEvent = OfHost &
  (
    | {
        /** A host begins something that takes time. */
        readonly kind: "phase";
        readonly phase: Phase;
        readonly pass?: number | undefined;
        /** The resources or handlers that it is about, counted; `names` has those that run one after the other. */
        readonly count?: number | undefined;
        readonly names?: readonly string[] | undefined;
      }
    | {
        readonly kind: "connected";
        readonly system: string;
        /** To connect, log in and gather the facts; and what of it the facts took. */
        readonly durationMs: number;
        readonly factsMs: number;
      }
    | {
        readonly kind: "planned";
        readonly pass: number;
        readonly resources: number;
        readonly steps: readonly PlannedStep[];
        /** What differs and is left until it is the host's turn: hosts do it one after the other. */
        readonly later: readonly PlannedStep[];
        /** The host has its turn: these resources were counted before. */
        readonly turn?: true;
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
        readonly pass: number;
        readonly steps: readonly AppliedStep[];
        readonly durationMs: number;
      }
    | {
        readonly kind: "handled";
        readonly handlers: readonly string[];
        /** How long each took on the host. */
        readonly took: Readonly<Record<string, number | undefined>>;
        readonly durationMs: number;
      }
    /** A check of how hosts work together came out. */
    | { readonly kind: "found"; readonly finding: Finding }
    | { readonly kind: "taken-over"; readonly holder: string }
    | { readonly kind: "failed"; readonly failure: Failure }
    /** What was done when a connection was cut and nobody heard of it: resources and handlers. */
    | { readonly kind: "recovered"; readonly resources: readonly string[]; readonly handlers: readonly string[] }
    /** Something on the host has to end first. */
    | { readonly kind: "waiting"; readonly reason: string }
    | { readonly kind: "retrying"; readonly reason: string; readonly inMs: number }
  );

/** Takes events as they happen. */
export type Emit = (event: RunEvent) => void;
