import type { Facts } from "../facts/facts.ts";
import type { Resource } from "../resource/resource.ts";
import type { Script } from "../shell/sh.ts";
import type { Role, Site } from "./role.ts";
import type { Schema } from "./schema.ts";

/** How many hosts at a time: a number, or a share of the play's hosts. */
export type Serial = number | `${number}%`;

/** Conditions of health on a host, such as `http`: waited for, never anything else. */
export type Gate = (site: Site, facts: Facts) => readonly Resource[];

/** What a script said on a host. */
export interface Said {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a check came out. A broken one fails its host; what is not proven stands in the recap. */
export interface Finding {
  readonly name: string;
  readonly outcome: "works" | "broken" | "unproven";
  readonly text: string;
  /** Of what was measured. */
  readonly durationMs?: number;
  /** What to do next. */
  readonly hint?: string;
}

/** What an inquiry may do with the hosts of its play. */
export interface Asker {
  /** The play's hosts that have not failed. */
  readonly sites: readonly Site[];
  /** Runs scripts on a host of the inventory, one after the other, whatever their status. Throws where it is unreachable. */
  ask(host: string, scripts: readonly Script[]): Promise<readonly Said[]>;
  /** What a host of the inventory says of itself. Costs nothing where the run is connected to it already. */
  facts(host: string): Promise<Facts>;
  /** Reports a finding of one of the play's hosts, as soon as it is known. */
  tell(host: string, finding: Finding): void;
  /** Adds a line about one of the play's hosts to the recap. */
  note(host: string, line: string): void;
  pause(ms: number): Promise<void>;
}

/** What roles and inquiries have in common. */
interface Entry {
  readonly name?: string;
  /** A pattern, as in `--limit`. */
  readonly hosts: string;
  /** Win over the inventory, lose to `-e`. */
  readonly vars?: Vars;
  /** Become root by sudo, true unless given; a host's `ansible_become` wins. */
  readonly become?: boolean;
  /** The play is left out unless the command line has this flag: "verify" for `--verify`. */
  readonly flag?: string;
  /** A pattern: hosts that are asked besides and whose secrets are read, also where `--limit` leaves them out. */
  readonly consults?: string;
}

export type Vars = Readonly<Record<string, unknown>>;

/** Hosts are asked and nothing is changed: a look before roles, a proof behind them. Not in check mode, since it may send data. */
export interface Inquiry extends Entry {
  /** Asks all hosts of the play together. What it returns are vars of the plays behind it: they win over the inventory, lose to `-e`. */
  readonly asks: (asker: Asker) => Promise<Vars | undefined>;
  /** What the vars of its hosts have to fit. */
  readonly needs?: Schema;
  /** Schemas of other vars that it reads, of any host: they are known, typed, and their secrets not shown. */
  readonly reads?: readonly Schema[];
  /** Folders whose disks it reads from the facts. */
  readonly measures?: readonly string[];
}

/** Hosts get roles. */
export interface RolePlay extends Entry {
  readonly roles: readonly Role[];
  /** Batch sizes; the last one repeats. All hosts at once unless given. */
  readonly serial?: Serial | readonly Serial[];
  /** The run stops after a batch of which more than this failed. One in which all failed stops it anyway. */
  readonly maxFailPercentage?: number;
  /** The run stops after a batch in which any host failed. */
  readonly anyErrorsFatal?: boolean;
  /** Run notified handlers after each role, not only after the last. */
  readonly flushHandlers?: boolean;
  /** Must hold before a host is changed: it is looked at once, and nothing is waited for. */
  readonly before?: Gate;
  /** Must hold after the roles and handlers: it is waited for. */
  readonly after?: Gate;
  /** Takes hosts that failed in an earlier play as well, and forgives them when this one succeeds. */
  readonly rescue?: boolean;
}

/** One entry of a playbook: which hosts get which roles, and how carefully; or which are asked what. */
export type Play = RolePlay | Inquiry;

/** Who says what vars have to be: a role, or an inquiry. */
export type Reader = Pick<Role, "name" | "schema">;

/** Returns who reads the vars of a play's own hosts. */
export function readersOf(play: Play): readonly Reader[] {
  if (!("asks" in play)) return play.roles;
  return play.needs ? [{ name: play.name ?? play.hosts, schema: play.needs }] : [];
}

/** Returns the schemas of all vars that a play reads, of whatever host. */
export function schemasOfPlay(play: Play): readonly Schema[] {
  const own = readersOf(play).map(({ schema }) => schema);
  return "asks" in play ? [...own, ...(play.reads ?? [])] : own;
}

/** Returns the folders whose disks a play reads from the facts. */
export function measuresOf(play: Play): readonly string[] {
  return "asks" in play ? (play.measures ?? []) : play.roles.flatMap(({ measures }) => measures);
}

/** How the hosts of one play ended, by name. */
export interface PlayResult {
  readonly ok: readonly string[];
  readonly changed: readonly string[];
  readonly failed: readonly string[];
  readonly unreachable: readonly string[];
  /** Not started, because the play stopped. */
  readonly skipped: readonly string[];
}

/** Runs plays, one call each; for playbooks that look at a result before they go on. */
export interface PlayRunner {
  play(play: Play): Promise<PlayResult>;
}

/** Plays in order, or a function that runs them and may decide in between. */
export type Playbook = readonly Play[] | ((runner: PlayRunner) => Promise<void>);

/** Returns its argument: exists for the editor's sake. */
export function definePlaybook(playbook: Playbook): Playbook {
  return playbook;
}

/** Resources that one host of the play gets, its first: a database migration, an announcement. */
export function runOnce(site: Site, resources: () => readonly Resource[]): readonly Resource[] {
  return site.first ? resources() : [];
}

/** The same resources, held on another host of the inventory, at this place in the order: Ansible's `delegate_to`. */
export function onHost(host: string, resources: readonly Resource[]): readonly Resource[] {
  return resources.map((resource) => ({ ...resource, options: { ...resource.options, onHost: host } }));
}
