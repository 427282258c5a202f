import type { Entry, Node } from "./document.ts";
import { InventoryError, type Place, type Source } from "./inventory.ts";
import { expandHostKey } from "./range.ts";

/** A var as some file sets it. */
export interface Setting extends Source {
  readonly name: string;
  readonly entry: Entry;
}

/** A group as the inventory files give it, before `group_vars`. */
export interface TreeGroup {
  readonly name: string;
  readonly children: Set<string>;
  readonly parents: Set<string>;
  readonly hosts: Set<string>;
  readonly settings: Setting[];
  priority: number;
}

/** A host as the inventory files give it, before `host_vars`. */
export interface TreeHost {
  readonly name: string;
  /** Where its name stands first. */
  readonly namedAt: Place;
  readonly settings: Setting[];
}

/** Groups and hosts in the order in which the files name them. */
export interface Tree {
  readonly groups: Map<string, TreeGroup>;
  readonly hosts: Map<string, TreeHost>;
}

/** Builds the groups of all files, in order, with Ansible's "all" and "ungrouped". Throws InventoryError on a loop of groups. */
export function buildTree(roots: readonly Node[]): Tree {
  const tree: Tree = { groups: new Map(), hosts: new Map() };
  link(addGroup(tree, "all"), addGroup(tree, "ungrouped"));
  for (const root of roots) for (const [name, entry] of root.parts) readGroup(tree, name, entry);
  for (const group of tree.groups.values()) {
    if (group.name !== "all" && group.parents.size === 0) link(addGroup(tree, "all"), group);
  }
  settleUngrouped(tree);
  return tree;
}

/** The group's ancestors, in no particular order. */
export function ancestors(tree: Tree, name: string): ReadonlySet<string> {
  return closure(name, (group) => tree.groups.get(group)?.parents ?? []);
}

/** All groups a host is in, ancestors included. */
export function groupsOf(tree: Tree, host: string): ReadonlySet<string> {
  const own = [...tree.groups.values()].filter(({ hosts }) => hosts.has(host)).map(({ name }) => name);
  return new Set(own.flatMap((name) => [name, ...ancestors(tree, name)]));
}

/** The group and its descendants, breadth first. */
export function descendants(tree: Tree, name: string): readonly string[] {
  return [name, ...closure(name, (group) => tree.groups.get(group)?.children ?? [])];
}

/** The vars of a mapping as settings of one level. */
export function settingsOf(vars: Node, level: string): Setting[] {
  return [...vars.parts].map(([name, entry]) => {
    const place = entry.node.parts.size > 0 ? entry.keyPlace : entry.node.place;
    return { name, entry, level, place, value: entry.node.value };
  });
}

function closure(start: string, next: (name: string) => Iterable<string>): ReadonlySet<string> {
  const found = new Set<string>();
  // A Set visits what is added while it is walked: this is the whole breadth-first search.
  for (const name of next(start)) found.add(name);
  for (const name of found) for (const further of next(name)) found.add(further);
  return found;
}

function addGroup(tree: Tree, name: string): TreeGroup {
  const known = tree.groups.get(name);
  if (known) return known;
  const group: TreeGroup = {
    name,
    children: new Set(),
    parents: new Set(),
    hosts: new Set(),
    settings: [],
    priority: 1,
  };
  tree.groups.set(name, group);
  return group;
}

function link(parent: TreeGroup, child: TreeGroup): void {
  parent.children.add(child.name);
  child.parents.add(parent.name);
}

// Sections are read in the order of the file, as Ansible does: it decides the order of hosts.
function readGroup(tree: Tree, name: string, { node }: Entry): void {
  const group = addGroup(tree, name);
  for (const [section, entry] of node.parts) {
    if (section === "vars") setVars(group, entry.node);
    if (section === "children")
      for (const [child, childEntry] of named(entry)) readChild(tree, group, child, childEntry);
    if (section === "hosts") for (const [key, hostEntry] of named(entry)) readHosts(tree, group, key, hostEntry);
  }
}

// `hosts: web1` is short for `hosts: {web1: }`.
function named(entry: Entry): Iterable<[string, Entry]> {
  const { value, place } = entry.node;
  if (typeof value !== "string") return entry.node.parts;
  return [[value, { node: { value: null, place, parts: new Map() }, keyPlace: place, keyIsText: true }]];
}

function readChild(tree: Tree, parent: TreeGroup, name: string, entry: Entry): void {
  readGroup(tree, name, entry);
  if (name === parent.name || ancestors(tree, parent.name).has(name)) {
    throw new InventoryError({
      place: entry.keyPlace,
      found: `the group "${name}" below itself`,
      expected: "groups without a loop",
    });
  }
  link(parent, addGroup(tree, name));
}

function setVars(group: TreeGroup, vars: Node): void {
  for (const setting of settingsOf(vars, `group ${group.name}`)) {
    if (setting.name === "ansible_group_priority") group.priority = priority(setting);
    else group.settings.push(setting);
  }
}

function priority({ value, place }: Setting): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "number" && Number.isInteger(number)) return number;
  throw new InventoryError({
    message: "var ansible_group_priority",
    place,
    found: JSON.stringify(value),
    expected: "a whole number",
  });
}

function readHosts(tree: Tree, group: TreeGroup, key: string, entry: Entry): void {
  const { names, port } = expandHostKey(key, entry.keyPlace);
  const settings = port === undefined ? [] : [portSetting(port, entry.keyPlace)];
  for (const name of names) {
    const host = tree.hosts.get(name) ?? addHost(tree, { name, namedAt: entry.keyPlace, settings: [...settings] });
    group.hosts.add(name);
    host.settings.push(...settingsOf(entry.node, "host"));
  }
}

function addHost(tree: Tree, host: TreeHost): TreeHost {
  tree.hosts.set(host.name, host);
  return host;
}

function portSetting(port: number, place: Place): Setting {
  const node: Node = { value: port, place, parts: new Map() };
  return { name: "ansible_port", level: "host", value: port, place, entry: { node, keyPlace: place, keyIsText: true } };
}

/** "ungrouped" has exactly the hosts that are in no other group but "all". */
function settleUngrouped(tree: Tree): void {
  const ungrouped = addGroup(tree, "ungrouped");
  for (const host of tree.hosts.keys()) {
    const others = [...groupsOf(tree, host)].filter((name) => name !== "all" && name !== "ungrouped");
    if (others.length > 0) ungrouped.hosts.delete(host);
    else ungrouped.hosts.add(host);
  }
}
