import type { Facts } from "../facts/facts.ts";
import { MismatchError } from "../format/mismatch.ts";
import { connectionVars } from "../inventory/connection-vars.ts";
import { formatProblem, type Host, type Inventory, InventoryError, type Problem } from "../inventory/inventory.ts";
import { hintFor } from "../inventory/suggest.ts";
import { PlacedError, placeOf, type Resource } from "../resource/resource.ts";
import { UnsupportedMachine } from "../resource/unsupported.ts";
import type { Role, Site } from "../role/role.ts";
import { VarError } from "../role/var-error.ts";
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
  disks: { "/": { bytes: 20 * 1024 ** 3, freeBytes: 20 * 1024 ** 3 } },
  addresses: [],
  bootId: "assumed",
  systemd: true,
  loginUser: "root",
  becomeBy: "nothing",
  changedBefore: false,
};

const SYSTEMS: readonly Pick<Facts, "os" | "systemd">[] = [
  ASSUMED,
  { os: { id: "ubuntu", version: "24.04", name: "Ubuntu 24.04 LTS (assumed)" }, systemd: true },
  { os: { id: "rocky", version: "9.5", name: "Rocky Linux 9.5 (assumed)" }, systemd: true },
  { os: { id: "alpine", version: "3.22.0", name: "Alpine Linux v3.22 (assumed)" }, systemd: false },
];

const LARGE = {
  machine: "x86_64",
  cpus: 64,
  memoryBytes: 512 * 1024 ** 3,
  disks: { "/": { bytes: 8 * 1024 ** 4, freeBytes: 4 * 1024 ** 4 } },
  loginUser: "ubuntu",
  becomeBy: "sudo",
} as const;

/**
 * Machines that differ in all that roles look at: what goes wrong in the same way on each is no host's own problem. Each
 * system is there twice, since a role may support one only.
 */
const MACHINES: readonly Facts[] = SYSTEMS.flatMap(({ os, systemd }) => [
  { ...ASSUMED, os, systemd },
  { ...ASSUMED, ...LARGE, os, systemd },
]);

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
  throw new UsageError({
    message: flag,
    found: `"${unknown}"`,
    expected: "a tag of these plays' resources",
    hint: hintFor(unknown, known),
  });
}

/** Returns what a play makes of a host that has the assumed facts. Throws `UsageError` where its roles do not work there. */
export function resourcesOf(host: Host, assignment: Assignment, inventory: Inventory): readonly Resource[] {
  const first = attempt(host, assignment, inventory, ASSUMED);
  if ("resources" in first) return first.resources;
  for (const facts of MACHINES.slice(1)) {
    const other = attempt(host, assignment, inventory, facts);
    if ("resources" in other) return other.resources;
  }
  throw refusal(first);
}

/**
 * Returns what plays describe on a host with these facts, and what roles of other hosts hold there, whatever machine those are. A host
 * at the same address is the same. Throws `UsageError` where its roles do not work.
 */
export function describedOn(
  host: Host,
  facts: Facts,
  plays: readonly Assignment[],
  inventory: Inventory,
): readonly Resource[] {
  const addressOf = ({ address, port }: ReturnType<typeof connectionVars>) => `${address} ${port}`;
  const own = addressOf(connectionVars(host));
  const names = [...inventory.hosts.values()]
    .filter((one) => addressOf(connectionVars(one)) === own)
    .map(({ name }) => name);
  return plays.flatMap((assignment) =>
    assignment.hosts.flatMap((one) => {
      const all = names.includes(one.name) ? attempt(one, assignment, inventory, facts) : undefined;
      if (all && !("resources" in all)) throw refusal(all);
      const resources = all?.resources ?? resourcesOf(one, assignment, inventory);
      return resources.filter(({ options }) => names.includes(options.onHost ?? one.name));
    }),
  );
}

interface Failed {
  readonly problem: Problem;
  readonly cause: unknown;
}

type Outcome = { readonly resources: readonly Resource[] } | Failed;

/** What a role says of machines that it does not support is left out: it would hide what is wrong with the vars. */
function rehearseHost(host: Host, assignment: Assignment, inventory: Inventory): void {
  const failed: Failed[] = [];
  for (const facts of MACHINES) {
    const outcome = attempt(host, assignment, inventory, facts);
    if ("resources" in outcome) return;
    if (outcome.cause instanceof UnsupportedMachine) continue;
    if (outcome.cause instanceof VarError) throw refusal(outcome);
    failed.push(outcome);
    if (said(outcome) !== (failed[0] && said(failed[0]))) return;
  }
  // What was met on one machine only may have to do with that one.
  if (failed.length > 1 && failed[0]) throw refusal(failed[0]);
}

function said({ problem }: Failed): string {
  return formatProblem(problem);
}

function refusal({ problem, cause }: Failed): UsageError {
  return new UsageError(problem, { cause });
}

function attempt(host: Host, { play }: Assignment, inventory: Inventory, facts: Facts): Outcome {
  try {
    if ("asks" in play) return { resources: [] };
    const site = siteOf(host, play.roles, inventory, facts);
    const { segments } = workOf(play, site, facts);
    const elsewhere = segments.find((segment) => !inventory.hosts.has(segment.host));
    const [resource] = elsewhere?.resources ?? [];
    if (elsewhere && resource) throw unknownHost(elsewhere.host, resource, inventory);
    const gates = [...(play.before?.(site, facts) ?? []), ...(play.after?.(site, facts) ?? [])];
    return { resources: [...segments.flatMap(({ resources }) => resources), ...gates] };
  } catch (cause) {
    return { problem: problemOf(cause, host, inventory), cause };
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
  const expected = `a host of ${files.join(", ")}`;
  const hint = hintFor(name, hosts.keys());
  return new PlacedError(place, { message: "onHost", found: `"${name}"`, expected, hint });
}

function problemOf(cause: unknown, host: Host, { hosts }: Inventory): Problem {
  if (!(cause instanceof Error)) return { message: String(cause), host: host.name };
  if (cause instanceof VarError) {
    const { variables, mismatch } = cause;
    const whose = hosts.get(cause.host ?? "") ?? host;
    const variable = variables.find((name) => whose.place([name])) ?? variables[0];
    return { ...mismatch, message: `host ${whose.name}: var ${variable}`, place: whose.place([variable]) };
  }
  const [known] = cause instanceof InventoryError ? cause.problems : [];
  if (known) return { ...known, host: host.name };
  const said = cause instanceof MismatchError ? cause.mismatch : { message: cause.message };
  const place = cause instanceof PlacedError ? cause.place : placeOf(cause);
  const where = place && { file: place.file, line: place.line ?? 0, column: place.column ?? 0 };
  return { ...said, place: where, host: host.name };
}

/** All tags on any machine; undefined where what a host gets could be rehearsed on none. */
function knownTags(plays: readonly Assignment[], inventory: Inventory): ReadonlySet<string> | undefined {
  const tags = new Set<string>();
  for (const one of plays) {
    for (const host of one.hosts) {
      const outcomes = MACHINES.map((facts) => attempt(host, one, inventory, facts));
      const rehearsed = outcomes.flatMap((outcome) => ("resources" in outcome ? [outcome.resources] : []));
      if (rehearsed.length === 0) return undefined;
      for (const { options } of rehearsed.flat()) for (const tag of options.tags ?? []) tags.add(tag);
    }
  }
  return tags;
}
