import { resolve, sep } from "node:path";
import { formatMismatch } from "../format/mismatch.ts";
import { Secret } from "../shell/secret.ts";

/** A var's value: what YAML can say, and secrets. */
export type VarValue =
  | string
  | number
  | boolean
  | null
  | Secret
  | readonly VarValue[]
  | { readonly [key: string]: VarValue };

/** Vars by name. */
export type Vars = Readonly<Record<string, VarValue>>;

/** A spot in a file as the user names it. Line and column count from 1; 0 means the file or the line as a whole. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One of the values that a var was given; `level` says by whom: "group app", "group_vars/app", "host", "host_vars/app-1", "-e". */
export interface Source {
  readonly value: VarValue;
  readonly place: Place;
  readonly level: string;
}

/** A managed host with its merged vars. */
export interface Host {
  readonly name: string;
  /** Where its name stands first. */
  readonly namedAt?: Place | undefined;
  /** Every group it is in, ancestors too, without "all", sorted: Ansible's `group_names`. */
  readonly groups: readonly string[];
  readonly vars: Vars;
  /** Every source of this var, lowest precedence first; the last one won. Empty for an unknown var. */
  sources(name: string): readonly Source[];
  /** Where the value (or its key) at this path of `vars` was written, e.g. `["server", "port"]`. */
  place(path: readonly (string | number)[], part?: "key" | "value"): Place | undefined;
}

/** A group as merged from all inventory files. */
export interface Group {
  readonly name: string;
  readonly children: readonly string[];
  /** The hosts named directly in it. */
  readonly hosts: readonly string[];
  /** Its own hosts, then those of its descendants, nearest first: the order in which a play visits them. */
  readonly members: readonly string[];
}

/** What the inventory files say, merged and checked. */
export interface Inventory {
  readonly files: readonly string[];
  readonly hosts: ReadonlyMap<string, Host>;
  readonly groups: ReadonlyMap<string, Group>;
  /** What Ansible reads but probably nobody meant; one line each. */
  readonly warnings: readonly string[];
}

/** One thing that is wrong with what was given, before any host was contacted. */
export interface Problem {
  /** What it is about, where that has a name; all that there is to say where `found` and `expected` are not known apart. */
  readonly message?: string | undefined;
  readonly place?: Place | undefined;
  readonly found?: string | undefined;
  readonly expected?: string | undefined;
  readonly hint?: string | undefined;
  /** Whose roles were asked, where the problem may be another's as well. */
  readonly host?: string | undefined;
}

/** The problem in one line: `file:line:column: message: found X, expected Y; hint (host app-1)`. */
export function formatProblem({ place, host, ...parts }: Problem): string {
  const where = place === undefined ? "" : `${formatPlace(place)}: `;
  const whose = host === undefined ? "" : ` (host ${host})`;
  return `${where}${formatMismatch(parts)}${whose}`;
}

/** The inventory cannot be used: the message says, a line a problem, place, what was found, what was expected. */
export class InventoryError extends Error {
  override readonly name = "InventoryError";
  readonly problems: readonly Problem[];

  /** Several problems are a list; a text is for what has neither found nor expected. */
  constructor(said: string | Problem | readonly Problem[], options?: ErrorOptions) {
    const problems = typeof said === "string" ? [{ message: said }] : [said].flat();
    super(problems.map(formatProblem).join("\n"), options);
    this.problems = problems;
  }

  /** Of the first problem. */
  get place(): Place | undefined {
    return this.problems[0]?.place;
  }
}

/** `file:line:column`, or what of it is known. */
export function formatPlace({ file, line, column }: Place): string {
  return [file, ...[line, column].filter((count) => count > 0)].join(":");
}

/** The path as messages name it: relative when it is below the current folder, else unchanged. */
export function shownPath(path: string): string {
  const below = resolve() + sep;
  return path.startsWith(below) ? path.slice(below.length) : path;
}

/** True for a mapping: not null, a list or a secret. */
export function isMapping(value: unknown): value is Readonly<Record<string, VarValue>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Secret);
}
