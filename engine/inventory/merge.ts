import type { Node } from "./document.ts";
import type { Group, Host, Inventory, VarValue } from "./inventory.ts";
import { locateIn } from "./schema.ts";
import { descendants, groupsOf, type Setting, settingsOf, type Tree, type TreeGroup } from "./tree.ts";

/** One vars file, and whom it is for: level "group_vars/app" or "host_vars/app-1". */
export interface VarsFile {
  readonly level: string;
  readonly vars: Node;
}

/** All that is merged into an inventory. */
export interface Parts {
  readonly files: readonly string[];
  readonly tree: Tree;
  /** The vars files beside each inventory file, one list a folder, in the order of the inventory files. */
  readonly folders: readonly (readonly VarsFile[])[];
  readonly extraVars: readonly Node[];
  readonly warnings: readonly string[];
}

/** Merges everything as Ansible does with `hash_behaviour=replace`: the last source of a var wins whole. */
export function mergeInventory(parts: Parts): Inventory {
  const { tree, files } = parts;
  const order = groupOrder(tree);
  const hosts = new Map([...tree.hosts.keys()].map((name): [string, Host] => [name, mergeHost(name, order, parts)]));
  const groups = new Map([...tree.groups.keys()].map((name): [string, Group] => [name, groupView(name, tree)]));
  const both = [...hosts.keys()].filter((name) => groups.has(name));
  const sameName = both.map((name) => `found both a group and a host named "${name}"`);
  return { files, hosts, groups, warnings: [...parts.warnings, ...sameName] };
}

function groupView(name: string, tree: Tree): Group {
  const { children, hosts } = tree.groups.get(name) as TreeGroup;
  const members = new Set(descendants(tree, name).flatMap((group) => [...(tree.groups.get(group)?.hosts ?? [])]));
  return { name, children: [...children], hosts: [...hosts], members: [...members] };
}

/** Groups from the outermost in: by depth, then `ansible_group_priority`, then name. */
function groupOrder(tree: Tree): readonly TreeGroup[] {
  const depths = new Map<string, number>();
  const depth = (name: string): number => {
    const parents = [...(tree.groups.get(name)?.parents ?? [])];
    const known = depths.get(name) ?? Math.max(-1, ...parents.map(depth)) + 1;
    depths.set(name, known);
    return known;
  };
  return [...tree.groups.values()].sort(
    (a, b) => depth(a.name) - depth(b.name) || a.priority - b.priority || (a.name < b.name ? -1 : 1),
  );
}

function mergeHost(name: string, order: readonly TreeGroup[], parts: Parts): Host {
  const member = groupsOf(parts.tree, name);
  const groups = order.filter((group) => group.name !== "all" && member.has(group.name));
  const byName = new Map<string, Setting[]>();
  for (const setting of settingsInOrder(name, groups, parts)) {
    byName.set(setting.name, [...(byName.get(setting.name) ?? []), setting]);
  }
  const winners = new Map([...byName].map(([key, settings]) => [key, settings.at(-1)]));
  return {
    name,
    namedAt: parts.tree.hosts.get(name)?.namedAt,
    groups: groups.map((group) => group.name).sort(),
    vars: Object.fromEntries([...winners].map(([key, winner]): [string, VarValue] => [key, winner?.value ?? null])),
    sources: (key) => byName.get(key) ?? [],
    place: ([key, ...rest], part = "value") => {
      const entry = winners.get(String(key))?.entry;
      if (entry === undefined) return undefined;
      return rest.length === 0 && part === "key" ? entry.keyPlace : locateIn(entry.node, rest, part);
    },
  };
}

// Ansible's own order. The files beside the inventories rank by folder first, then by group: what stands in
// the group_vars of a later -i wins over a deeper group's of an earlier one.
function settingsInOrder(host: string, groups: readonly TreeGroup[], parts: Parts): readonly Setting[] {
  const { tree, folders, extraVars } = parts;
  const filesOf = (levels: readonly string[]) =>
    folders.flatMap((folder) => levels.flatMap((level) => folder.filter((file) => file.level === level)));
  return [
    ...(tree.groups.get("all")?.settings ?? []),
    ...groups.flatMap((group) => group.settings),
    ...filesOf(["group_vars/all"]).flatMap(fileSettings),
    ...filesOf(groups.map((group) => `group_vars/${group.name}`)).flatMap(fileSettings),
    ...(tree.hosts.get(host)?.settings ?? []),
    ...filesOf([`host_vars/${host}`]).flatMap(fileSettings),
    ...extraVars.flatMap((vars) => settingsOf(vars, "-e")),
  ];
}

function fileSettings({ vars, level }: VarsFile): readonly Setting[] {
  return settingsOf(vars, level);
}
