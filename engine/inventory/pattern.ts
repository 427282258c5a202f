import { type Inventory, InventoryError } from "./inventory.ts";
import { splitAddress } from "./range.ts";
import { hintFor } from "./suggest.ts";

/**
 * Returns the hosts that an Ansible pattern selects, in the pattern's order: `app:&dev:!app-3`, `web*`, `~regex`, `app[0]`, `app[1:3]`. Throws InventoryError when a plain name is neither host nor group, or a pattern is broken.
 */
export function selectHosts(inventory: Inventory, pattern: string): readonly string[] {
  return select(pattern, (term) => matches(inventory, term));
}

/**
 * The same for the pattern of a play, which names groups that an inventory may or may not have: one that is not there has no
 * hosts.
 */
export function selectPlayHosts(inventory: Inventory, pattern: string): readonly string[] {
  const isThere = (term: string) => isExpression(term) || inventory.groups.has(term) || inventory.hosts.has(term);
  return select(pattern, (term) => (isThere(splitSubscript(term).expression) ? matches(inventory, term) : []));
}

function select(pattern: string, hostsOf: (term: string) => readonly string[]): readonly string[] {
  const terms = splitPattern(pattern);
  if (terms.length === 0)
    throw new InventoryError({ found: `the empty pattern ${JSON.stringify(pattern)}`, expected: "hosts or groups" });
  const starting = (sign: string) => terms.filter((term) => term.startsWith(sign)).map((term) => term.slice(1));
  const plain = terms.filter((term) => !/^[&!]/.test(term));
  const chosen = new Set((plain.length > 0 ? plain : ["all"]).flatMap(hostsOf));
  const wanted = starting("&").map((term) => new Set(hostsOf(term)));
  const excluded = new Set(starting("!").flatMap(hostsOf));
  return [...chosen].filter((host) => wanted.every((hosts) => hosts.has(host)) && !excluded.has(host));
}

/** The terms of a pattern: a colon separates, unless the whole is one address or range (`web[1:3]`, `fe80::1`); with a comma only commas do. */
export function splitPattern(pattern: string): readonly string[] {
  if (pattern.includes(","))
    return pattern
      .split(",")
      .map((term) => term.trim())
      .filter((term) => term !== "");
  if (splitAddress(pattern.trim()) !== undefined) return [pattern.trim()];
  return pattern.match(/(?:[^\s:[\]]|\[[^\]]*\])+/g) ?? [];
}

function matches(inventory: Inventory, term: string): readonly string[] {
  if (inventory.hosts.has(term)) return [term];
  const { expression, index, range } = splitSubscript(term);
  const hosts = [...new Set(enumerate(inventory, expression))];
  if (hosts.length === 0 || (index === undefined && range === undefined)) return hosts;
  const picked = range ? hosts.slice(range[0], range[1] + 1) : hosts.slice(index).slice(0, 1);
  if (picked.length > 0 && -(index ?? 0) <= hosts.length) return picked;
  const count = hosts.length === 1 ? "1 host" : `${hosts.length} hosts`;
  throw new InventoryError({
    found: `the pattern "${term}"`,
    expected: `an index within the ${count} of "${expression}"`,
  });
}

interface Subscripted {
  readonly expression: string;
  /** From 0; negative counts from the end. */
  readonly index?: number;
  /** First and last, both included. */
  readonly range?: readonly [number, number];
}

function splitSubscript(term: string): Subscripted {
  const match = term.startsWith("~") ? null : /^(.+)\[(?:(-?[0-9]+)|([0-9]+)[:-]([0-9]*))\]$/.exec(term);
  if (match === null) return { expression: term };
  const [, expression = "", index, first, last] = match;
  if (index !== undefined) return { expression, index: Number(index) };
  return { expression, range: [Number(first), last === "" ? Number.POSITIVE_INFINITY : Number(last)] };
}

function enumerate(inventory: Inventory, expression: string): readonly string[] {
  if (!isExpression(expression)) return membersOf(inventory, expression);
  const matcher = matcherOf(expression);
  const groups = [...inventory.groups.values()].filter(({ name }) => matcher(name));
  return [...groups.flatMap(({ members }) => members), ...[...inventory.hosts.keys()].filter(matcher)];
}

function isExpression(term: string): boolean {
  return /^~|[*?[]/.test(term);
}

function membersOf(inventory: Inventory, name: string): readonly string[] {
  const group = inventory.groups.get(name);
  if (group) return group.members;
  if (inventory.hosts.has(name)) return [name];
  throw unknownName(inventory, name);
}

function unknownName(inventory: Inventory, name: string): InventoryError {
  const known = [...inventory.groups.keys(), ...inventory.hosts.keys()];
  return new InventoryError({
    found: `"${name}"`,
    expected: `a host or group of ${inventory.files.join(", ")}`,
    hint: hintFor(name, known),
  });
}

function matcherOf(expression: string): (name: string) => boolean {
  const source = expression.startsWith("~") ? expression.slice(1) : `${globSource(expression)}$`;
  try {
    // Anchored at the start only, as Python's `re.match`.
    const regex = new RegExp(`^(?:${source})`, "s");
    return (name) => regex.test(name);
  } catch (cause) {
    throw new InventoryError(
      { found: `the pattern "${expression}"`, expected: "a regular expression after ~" },
      { cause },
    );
  }
}

function globSource(glob: string): string {
  return glob.replace(
    /\[(!?)(\]?[^\]]*)\]|[\s\S]/g,
    (text, negated: string | undefined, members: string | undefined) => {
      if (members !== undefined) return `[${negated ? "^" : ""}${members.replace(/[\\\]^]/g, "\\$&")}]`;
      if (text === "*") return ".*";
      return text === "?" ? "." : text.replace(/[.+^${}()|[\]\\/]/g, "\\$&");
    },
  );
}
