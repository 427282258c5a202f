import type { Facts } from "../facts/facts.ts";
import type { Host, Inventory } from "../inventory/inventory.ts";
import type { Resource } from "../resource/resource.ts";
import type { Site } from "../role/role.ts";
import type { Assignment } from "../run/assignment.ts";
import { workOf } from "../run/work.ts";

/** No host is asked, so roles that look at facts are shown what they would do on this one. */
const ASSUMED: Facts = {
  hostname: "assumed",
  machine: "aarch64",
  os: { id: "debian", version: "13", name: "Debian GNU/Linux 13 (assumed)" },
  cpus: 2,
  memoryBytes: 2 * 1024 ** 3,
  diskBytes: 20 * 1024 ** 3,
  diskFreeBytes: 20 * 1024 ** 3,
  bootId: "assumed",
  systemd: true,
  loginUser: "root",
  becomeBy: "nothing",
};

/** What `--list-hosts` prints. */
export function listHosts(plays: readonly Assignment[]): string {
  return plays
    .map(({ play, hosts }) =>
      block(
        play.name ?? play.hosts,
        hosts.map(({ name }) => name),
      ),
    )
    .join("\n");
}

/** What `--list-tasks` prints: the resources of each host, in order, with their tags. */
export function listTasks(plays: readonly Assignment[], inventory: Inventory): string {
  const describe = ({ kind, id, options }: Resource) => `  ${kind.name} ${id}  [${(options.tags ?? []).join(", ")}]`;
  const tasks = (assignment: Assignment) =>
    assignment.hosts.flatMap((host) => [host.name, ...resourcesOf(host, assignment, inventory).map(describe)]);
  return plays
    .map((one) =>
      block(`${one.play.name ?? one.play.hosts}  (as on ${ASSUMED.os.name}, ${ASSUMED.machine})`, tasks(one)),
    )
    .join("\n");
}

/** What `--list-tags` prints. */
export function listTags(plays: readonly Assignment[], inventory: Inventory): string {
  const tags = (one: Assignment) =>
    one.hosts.flatMap((host) => resourcesOf(host, one, inventory).flatMap(({ options }) => options.tags ?? []));
  return plays.map((one) => block(one.play.name ?? one.play.hosts, [...new Set(tags(one))].sort())).join("\n");
}

function resourcesOf(host: Host, { play }: Assignment, inventory: Inventory): readonly Resource[] {
  const members = (group: string) => inventory.groups.get(group)?.members ?? [];
  const hosts = (group: string) => members(group).flatMap((name) => inventory.hosts.get(name) ?? []);
  // Any hash does: it is not shown, and nothing is downloaded.
  const anyRelease = { sha256: "0".repeat(64), source: "assumed" };
  const releases = Object.fromEntries(
    play.roles.flatMap((role) => role.releases(host)).map(({ file }) => [file, anyRelease]),
  );
  const site: Site = { host, first: true, hosts, releases };
  return workOf(play, site, ASSUMED).segments.flatMap(({ resources }) => resources);
}

function block(title: string, lines: readonly string[]): string {
  return [title, ...lines.map((line) => `  ${line}`)].join("\n");
}
