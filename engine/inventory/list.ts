import type { Inventory, Vars, VarValue } from "./inventory.ts";

/** The groups as `ansible-inventory --list` gives them: `all` without its hosts, nothing empty. */
export interface ListedGroup {
  readonly children?: readonly string[];
  readonly hosts?: readonly string[];
}

/** What `ansible-inventory --list` prints, as data. Secrets in it print as `********`. */
export interface Listing {
  readonly _meta: { readonly hostvars: Readonly<Record<string, Vars>> };
  readonly [group: string]: ListedGroup | Listing["_meta"];
}

/** Returns the inventory in the shape of `ansible-inventory --list`. */
export function listInventory(inventory: Inventory): Listing {
  const groups = [...inventory.groups.values()].flatMap(({ name, children, hosts }): [string, ListedGroup][] => {
    const listed: ListedGroup = {
      ...(children.length > 0 && { children }),
      ...(hosts.length > 0 && name !== "all" && { hosts }),
    };
    return Object.keys(listed).length > 0 ? [[name, listed]] : [];
  });
  const withVars = [...inventory.hosts.values()].filter(({ vars }) => Object.keys(vars).length > 0);
  const hostvars = Object.fromEntries(withVars.map(({ name, vars }): [string, Vars] => [name, vars]));
  return { ...Object.fromEntries(groups), _meta: { hostvars } };
}

/** Returns the tree of groups and hosts below a group, as `ansible-inventory --graph` prints it. */
export function graphInventory(inventory: Inventory, group = "all"): string {
  return graphLines(inventory, group, 0).join("\n");
}

function graphLines(inventory: Inventory, name: string, depth: number): readonly string[] {
  const group = inventory.groups.get(name);
  const hosts = name === "all" ? [] : (group?.hosts ?? []);
  return [
    graphLine(`@${name}:`, depth),
    ...(group?.children ?? []).flatMap((child) => graphLines(inventory, child, depth + 1)),
    ...hosts.map((host) => graphLine(host, depth + 1)),
  ];
}

function graphLine(text: string, depth: number): string {
  return depth === 0 ? text : `${"  |".repeat(depth)}--${text}`;
}

/** Returns the vars of a host sorted by name, as `ansible-inventory --host` prints them; undefined for an unknown host. */
export function hostVars(inventory: Inventory, name: string): Vars | undefined {
  const vars = inventory.hosts.get(name)?.vars;
  return (
    vars &&
    Object.fromEntries(Object.entries(vars).sort(([a], [b]): number => (a < b ? -1 : 1)) as [string, VarValue][])
  );
}
