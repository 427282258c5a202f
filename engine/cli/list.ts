import type { Inventory } from "../inventory/inventory.ts";
import type { Resource } from "../resource/resource.ts";
import type { Assignment } from "../run/assignment.ts";
import { ASSUMED, resourcesOf } from "./rehearsal.ts";

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

function block(title: string, lines: readonly string[]): string {
  return [title, ...lines.map((line) => `  ${line}`)].join("\n");
}
