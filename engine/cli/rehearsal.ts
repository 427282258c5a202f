import type { Facts } from "../facts/facts.ts";
import { formatProblem, type Host, type Inventory, InventoryError, type Problem } from "../inventory/inventory.ts";
import { didYouMean } from "../inventory/suggest.ts";
import { PlacedError, placeOf, type Resource } from "../resource/resource.ts";
import type { Role, Site } from "../role/role.ts";
import type { Assignment } from "../run/assignment.ts";
import { workOf } from "../run/work.ts";
import { type Options, UsageError } from "./options.ts";

/** What a host that nobody has asked is taken for. */
export const ASSUMED: Facts = {
  hostname: "assumed",
  machine: "aarch64",
  os: { id: "debian", version: "13", name: "Debian GNU/Linux 13 (assumed)" },
  cpus: 2,
  memoryBytes: 2 * 1024 ** 3,
  diskBytes: 20 * 1024 ** 3,
  diskFreeBytes: 20 * 1024 ** 3,
  addresses: [],
  bootId: "assumed",
  systemd: true,
  loginUser: "root",
  becomeBy: "nothing",
  changedBefore: false,
};

/** Machines that differ in all that roles look at: what goes wrong in the same way on each is no host's own problem. */
const MACHINES: readonly Facts[] = [
  ASSUMED,
  {
    ...ASSUMED,
    machine: "x86_64",
    os: { id: "ubuntu", version: "24.04", name: "Ubuntu 24.04 LTS (assumed)" },
    cpus: 64,
    memoryBytes: 512 * 1024 ** 3,
    diskBytes: 8 * 1024 ** 4,
    diskFreeBytes: 4 * 1024 ** 4,
    loginUser: "ubuntu",
    becomeBy: "sudo",
  },
  { ...ASSUMED, machine: "x86_64", os: { id: "rocky", version: "9.5", name: "Rocky Linux 9.5 (assumed)" }, cpus: 8 },
];

/** Tags that mean something whether or not a resource has them. */
const SPECIAL_TAGS = ["all", "always", "never", "tagged", "untagged"];

/**
 * Asks the roles for the resources of every host, as a run will, and contacts none. Throws `UsageError` with what is wrong on
 * whatever machine: a template, a handler that does not exist, two resources with one id, a tag that nothing has.
 */
export function rehearse(
  plays: readonly Assignment[],
  inventory: Inventory,
  { tags, skipTags }: Pick<Options, "tags" | "skipTags">,
): void {
  for (const one of plays) for (const host of one.hosts) rehearseHost(host, one, inventory);
  const asked = [...tags, ...skipTags].filter((tag) => !SPECIAL_TAGS.includes(tag));
  if (asked.length === 0) return;
  const known = knownTags(plays, inventory);
  const unknown = known && asked.find((tag) => !known.has(tag));
  if (!known || unknown === undefined) return;
  const flag = tags.includes(unknown) ? "--tags" : "--skip-tags";
  throw new UsageError(
    `${flag}: found "${unknown}", expected a tag of these plays' resources${didYouMean(unknown, known)}`,
  );
}

/** Returns what a play makes of a host that has the assumed facts. Throws `UsageError` where its roles do not work there. */
export function resourcesOf(host: Host, assignment: Assignment, inventory: Inventory): readonly Resource[] {
  const outcome = attempt(host, assignment, inventory, ASSUMED);
  if ("problem" in outcome) throw new UsageError(outcome.said, { cause: outcome.cause });
  return outcome.resources;
}

type Outcome =
  | { readonly resources: readonly Resource[] }
  | { readonly problem: string; readonly said: Problem; readonly cause: unknown };

function rehearseHost(host: Host, assignment: Assignment, inventory: Inventory): void {
  const outcome = attempt(host, assignment, inventory, ASSUMED);
  if (!("problem" in outcome)) return;
  const isEverywhere = MACHINES.every((facts) => {
    const other = attempt(host, assignment, inventory, facts);
    return "problem" in other && other.problem === outcome.problem;
  });
  if (isEverywhere) throw new UsageError(outcome.said, { cause: outcome.cause });
}

function attempt(host: Host, { play }: Assignment, inventory: Inventory, facts: Facts): Outcome {
  try {
    const site = siteOf(host, play.roles, inventory, facts);
    const { segments } = workOf(play, site, facts);
    const elsewhere = segments.find((segment) => !inventory.hosts.has(segment.host));
    const [resource] = elsewhere?.resources ?? [];
    if (elsewhere && resource) throw unknownHost(elsewhere.host, resource, inventory);
    const gates = [...(play.before?.(site, facts) ?? []), ...(play.after?.(site, facts) ?? [])];
    return { resources: [...segments.flatMap(({ resources }) => resources), ...gates] };
  } catch (cause) {
    const said = describe(cause, host);
    return { problem: formatProblem(said), said, cause };
  }
}

/** Nothing is downloaded for a rehearsal, so any hash does. */
function siteOf(
  host: Host,
  roles: readonly Role[],
  { files: inventory, groups, hosts }: Inventory,
  facts: Facts,
): Site {
  const members = (group: string) => (groups.get(group)?.members ?? []).flatMap((name) => hosts.get(name) ?? []);
  const site: Site = { host, first: true, inventory, hosts: members, releases: {} };
  const anyRelease = { sha256: "0".repeat(64), source: "assumed" };
  const wanted = roles.flatMap((role) => role.releases(host, facts, site));
  return { ...site, releases: Object.fromEntries(wanted.map(({ file }) => [file, anyRelease])) };
}

function unknownHost(name: string, { place }: Resource, { hosts, files }: Inventory): PlacedError {
  const expected = `expected a host of ${files.join(", ")}${didYouMean(name, hosts.keys())}`;
  return new PlacedError(place, `onHost: found "${name}", ${expected}`);
}

function describe(cause: unknown, { name }: Host): Problem {
  const { message, place, ...known } = problemOf(cause);
  return { message: message === undefined ? `host ${name}` : `${message} (host ${name})`, place, ...known };
}

function problemOf(cause: unknown): Problem {
  if (!(cause instanceof Error)) return { message: String(cause) };
  const [problem] = cause instanceof InventoryError ? cause.problems : [];
  if (problem) return problem;
  const { text, place } = cause instanceof PlacedError ? cause : { text: cause.message, place: placeOf(cause) };
  return { message: text, place: place && { file: place.file, line: place.line ?? 0, column: place.column ?? 0 } };
}

/** All tags on any machine; undefined where one could not be rehearsed. */
function knownTags(plays: readonly Assignment[], inventory: Inventory): ReadonlySet<string> | undefined {
  const outcomes = plays.flatMap((one) =>
    one.hosts.flatMap((host) => MACHINES.map((facts) => attempt(host, one, inventory, facts))),
  );
  const tags = new Set<string>();
  for (const outcome of outcomes) {
    if ("problem" in outcome) return undefined;
    for (const { options } of outcome.resources) for (const tag of options.tags ?? []) tags.add(tag);
  }
  return tags;
}
