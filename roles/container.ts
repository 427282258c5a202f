import type { HostVars, Resource, Schema, Script, Site, Text, VarsOf } from "hostwright";
import type { AlertRule } from "./alert.ts";
import type { Dashboard } from "./dashboard.ts";
import { varsOfHost } from "./hosts.ts";
import type { Occasion, Proof } from "./proof.ts";
import { defineService, type Service, type ServiceDefinition } from "./service.ts";

/** How a container shares the host's memory with the others, in MB. */
export interface MemoryShare {
  /** What it needs to start and to answer, for a handful of hosts. */
  readonly least: number;
  /** Up to this, which 2 GB have room for and which was measured to hold, memory is shared evenly. */
  readonly measured: number;
  /** Its part of what is left beyond that. */
  readonly beyond: number;
}

/** What a container keeps on disk, in MB of 1024 × 1024 bytes. */
export interface DataPlan {
  /** How much is kept, in the container's own unit: hours, or MB. */
  readonly keeps: number;
  /** The room that it takes. */
  readonly needsMb: number;
}

/** The volume in which a container has its data. */
export interface Stored {
  /** As the Compose file calls it. */
  readonly volume: string;
  /**
   * Files in it that are never written again once they have their names, as patterns of `find -path` (`*` takes slashes too): a backup
   * links them, and copies all others.
   */
  readonly finished: readonly string[];
  /** Set where a newer major version converts the data for good: it is restored for that major version only. */
  readonly sameMajor?: true;
}

/** What a container is given besides its vars. */
export interface Stack {
  readonly site: Site;
  /** As this site has it. */
  readonly image: string;
  readonly memoryMb: number;
  /** See `DataPlan`; 0 for one that keeps nothing. */
  readonly keeps: number;
  /** Metrics of the containers: the job's name, and where it is in the project's network. */
  readonly metrics: readonly { readonly name: string; readonly target: string }[];
  /** Of all services, as Grafana shows them. */
  readonly alerts: readonly AlertRule[];
  readonly dashboards: readonly Dashboard[];
}

/** The name of the resource that removes the files of environments that left: who reads such files follows it. */
export const FORGET = "environments that left the inventory have no jobs";

/** A container's part of the Compose file. */
export interface ComposePart {
  /** Below `services:`, indented. */
  readonly text: Text;
  /** Files after whose change it is started again. */
  readonly config?: readonly string[];
  /** Names of files in the folder `secrets`. */
  readonly secrets?: readonly string[];
}

/** What a container comes to on a host. */
export interface ContainerPlan {
  readonly compose: ComposePart;
  /** What has to hold before any file of the stack is touched. */
  readonly before?: readonly Resource[];
  /** What has to be there before it starts. */
  readonly resources: readonly Resource[];
  /** What is said before its part of the Compose file is written, by whoever is asked for that. */
  readonly beforeCompose?: readonly Resource[];
  /** Conditions that hold once it runs: it answers. */
  readonly gates: readonly Resource[];
  /** What holds once all answer: each runs the configuration that it was given. */
  readonly runsConfig?: readonly Resource[];
}

/** A service of the monitoring host: a container of the Compose project. */
export interface Container extends Service {
  readonly share: MemoryShare;
  /** What it keeps is called so where there is no room for it: "logs". */
  readonly data: { readonly what: string; plan(host: HostVars, dataMb: number): DataPlan } | undefined;
  /** Undefined for one that keeps nothing in a volume. */
  readonly stored: Stored | undefined;
  /** Where Prometheus reads it, in the project's network. */
  readonly metrics: string | undefined;
  /** As the vars have it. */
  image(host: HostVars): string;
  /** The limit that the vars ask for. */
  wishedMb(host: HostVars): number | undefined;
  plan(stack: Stack): ContainerPlan;
  /** Its files of one environment, whose name is a word of the shell: gone once the environment left. */
  readonly environmentFiles: ((environment: Script) => readonly Script[]) | undefined;
  /** That what app hosts send arrives: of one of them. */
  readonly proofs: ((site: Site, occasion: Occasion) => readonly Proof[]) | undefined;
}

interface ContainerDefinition<S extends Schema> extends ServiceDefinition<S> {
  readonly share: MemoryShare;
  readonly data?: { readonly what: string; plan(vars: VarsOf<S>, dataMb: number): DataPlan };
  readonly stored?: Stored;
  readonly metrics?: string;
  image(vars: VarsOf<S>): string;
  wishedMb?(vars: VarsOf<S>): number | undefined;
  plan(vars: VarsOf<S>, stack: Stack): ContainerPlan;
  environmentFiles?(environment: Script): readonly Script[];
  proofs?(site: Site, occasion: Occasion): readonly Proof[];
}

/** Returns a container whose functions read its vars of whatever host they are asked about. */
export function defineContainer<const S extends Schema>(definition: ContainerDefinition<S>): Container {
  const { share, data, metrics } = definition;
  const of = (host: HostVars) => varsOfHost(definition.vars, host);
  return {
    ...defineService(definition),
    share,
    data: data && { what: data.what, plan: (host, dataMb) => data.plan(of(host), dataMb) },
    stored: definition.stored,
    metrics,
    environmentFiles: definition.environmentFiles,
    proofs: definition.proofs,
    image: (host) => definition.image(of(host)),
    wishedMb: (host) => definition.wishedMb?.(of(host)),
    plan: (stack) => definition.plan(of(stack.site.host), stack),
  };
}

/** Go's limit is soft: the rest of the container's is for what Go overshoots and does not count. */
export function goMemoryLimit(memoryMb: number, share: number): string {
  return `${Math.floor(memoryMb * share)}MiB`;
}

/** Compose would take `$name` in a value for a variable of its own. */
export function escapeDollars<T>(values: T): T {
  return JSON.parse(JSON.stringify(values).replaceAll("$", "$$$$")) as T;
}
