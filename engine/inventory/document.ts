import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type YAMLMap,
  type YAMLSeq,
  type Node as YamlNode,
} from "yaml";
import type { Mismatch } from "../format/mismatch.ts";
import type { Env } from "./env.ts";
import { InventoryError, isMapping, type Place, type VarValue } from "./inventory.ts";
import { scalarValue, unknownTag } from "./tag.ts";
import { parseYaml } from "./yaml-text.ts";

/** A value and where it stands; a mapping or list keeps its parts, by key or index. */
export interface Node {
  readonly value: VarValue;
  readonly place: Place;
  readonly parts: ReadonlyMap<string, Entry>;
}

/** A node with the place of its key, and whether that key is text (`1:` is a number, as in YAML). */
export interface Entry {
  readonly node: Node;
  readonly keyPlace: Place;
  readonly keyIsText: boolean;
}

const NO_PARTS: ReadonlyMap<string, Entry> = new Map();

/**
 * Returns the tree of a YAML or JSON text, undefined for an empty one. Throws InventoryError on a syntax error, a
 * duplicate key, an unknown tag or anchor.
 */
export function readDocument(text: string, file: string, env: Env): Node | undefined {
  if (text.startsWith("$ANSIBLE_VAULT;")) {
    throw new InventoryError({
      place: { file, line: 1, column: 1 },
      found: "a vault, which only Ansible can decrypt",
      expected: "YAML: `ansible-vault decrypt`, then `secret.mts encrypt` for each secret",
    });
  }
  const { document, fault, position } = parseYaml(text);
  const at = (offset: number): Place => ({ file, ...position(offset) });
  if (fault) throw new InventoryError({ place: at(fault.offset), ...syntaxProblem(fault) });
  return document.contents === null
    ? undefined
    : read(document.contents, { document, at, env, done: new Map(), anchors: new Set() });
}

function syntaxProblem({ code, message }: { readonly code: string; readonly message: string }): Mismatch {
  const known = SYNTAX_PROBLEMS[code];
  if (known) return known;
  if (code === "BAD_SCALAR_START")
    return { found: `a value that YAML cannot read (${message})`, expected: "it in quotes" };
  return { found: `broken YAML (${message.replace(/\.$/, "")})`, expected: "YAML" };
}

const SYNTAX_PROBLEMS: Readonly<Record<string, Mismatch>> = {
  OPEN_QUOTE: { found: "a quote that is not closed", expected: "its end, and nothing behind it" },
  TAB_AS_INDENT: { found: "a tab as indentation", expected: "spaces" },
  MULTIPLE_DOCS: { found: 'a second document ("---")', expected: "one document in a file" },
  BLOCK_AS_IMPLICIT_KEY: { found: 'a second ":" in one line', expected: "the value in quotes" },
};

interface Reading {
  readonly document: Document;
  readonly at: (offset: number) => Place;
  readonly env: Env;
  /** What has been read, so that a value with many aliases is read once; "open" while its parts are. */
  readonly done: Map<YamlNode, Node | "open">;
  readonly anchors: Set<string>;
}

function read(yaml: YamlNode, reading: Reading): Node {
  const target = isAlias(yaml) ? yaml.resolve(reading.document) : yaml;
  if (target === undefined)
    throw new InventoryError({
      place: placeOf(yaml, reading),
      found: "an alias (*) without its anchor (&)",
      expected: "the anchor before it",
    });
  const known = reading.done.get(target);
  if (known === "open")
    throw new InventoryError({ place: placeOf(yaml, reading), message: "found a value that contains itself" });
  if (known !== undefined) return known;
  reading.done.set(target, "open");
  const node = readNew(target, reading);
  reading.done.set(target, node);
  return node;
}

function readNew(yaml: YamlNode, reading: Reading): Node {
  const place = placeOf(yaml, reading);
  checkAnchor(yaml, place, reading);
  if (isScalar(yaml)) {
    const text = String(yaml.source ?? yaml.value ?? "");
    const value = scalarValue({ text, tag: yaml.tag, plain: yaml.type === "PLAIN", place }, reading.env);
    return { value, place, parts: NO_PARTS };
  }
  if (yaml.tag !== undefined && !/^(tag:yaml.org,2002:(map|seq)|!unsafe)$/.test(yaml.tag))
    throw unknownTag(yaml.tag, place);
  const parts = isMap(yaml) ? readMapping(yaml, reading) : readList(yaml as YAMLSeq, reading);
  return { value: joined(parts, isSeq(yaml)), place, parts };
}

function checkAnchor(yaml: YamlNode, place: Place, { anchors }: Reading): void {
  const { anchor } = yaml as { anchor?: string };
  if (anchor === undefined) return;
  if (anchors.has(anchor))
    throw new InventoryError({ place, found: `the anchor &${anchor} a second time`, expected: "each anchor once" });
  anchors.add(anchor);
}

function joined(parts: ReadonlyMap<string, Entry>, isList: boolean): VarValue {
  if (isList) return [...parts.values()].map(({ node }) => node.value);
  return Object.fromEntries([...parts].map(([key, { node }]) => [key, node.value]));
}

function readList(list: YAMLSeq, reading: Reading): ReadonlyMap<string, Entry> {
  const entries = list.items.map((item, index): [string, Entry] => {
    const node = read(item as YamlNode, reading);
    return [String(index), { node, keyPlace: node.place, keyIsText: false }];
  });
  return new Map(entries);
}

function readMapping(map: YAMLMap, reading: Reading): ReadonlyMap<string, Entry> {
  const merged = new Map<string, Entry>();
  const own = new Map<string, Entry>();
  for (const { key: keyNode, value } of map.items as { key: YamlNode; value: YamlNode | null }[]) {
    const keyPlace = placeOf(keyNode, reading);
    const node = value === null ? { value: null, place: keyPlace, parts: NO_PARTS } : read(value, reading);
    if (isScalar(keyNode) && keyNode.source === "<<" && keyNode.type === "PLAIN") {
      for (const [key, entry] of mergedParts(node)) if (!merged.has(key)) merged.set(key, entry);
      continue;
    }
    const { text, keyIsText } = keyOf(keyNode, reading);
    const first = own.get(text);
    if (first) throw duplicate(text, first.keyPlace, keyPlace);
    own.set(text, { node, keyPlace, keyIsText });
  }
  return new Map([...merged, ...own]);
}

// `<<` takes a mapping or a list of them; of a list the first that has a key gives it.
function mergedParts(node: Node): [string, Entry][] {
  if (isMapping(node.value)) return [...node.parts];
  const sources = [...node.parts.values()].map((entry) => entry.node);
  if (Array.isArray(node.value) && sources.every((source) => isMapping(source.value)))
    return sources.flatMap((source) => [...source.parts]);
  throw new InventoryError({
    place: node.place,
    found: '"<<" with a plain value',
    expected: "a mapping or a list of mappings to merge",
  });
}

function keyOf(yaml: YamlNode, reading: Reading): { text: string; keyIsText: boolean } {
  const { value: key, place } = read(yaml, reading);
  if (typeof key === "string") return { text: key, keyIsText: true };
  if (typeof key === "number") return { text: String(key), keyIsText: false };
  const source = isScalar(yaml) && typeof yaml.source === "string" ? yaml.source : "";
  if (typeof key === "boolean")
    throw new InventoryError({
      place,
      found: `the key ${source}, which YAML reads as ${key}`,
      expected: "text: put it in quotes",
    });
  throw new InventoryError({
    place,
    found: `${isScalar(yaml) ? "nothing" : "a mapping or list"} as a key`,
    expected: "text",
    hint: isMap(yaml) ? "put {{ … }} in quotes" : undefined,
  });
}

function duplicate(key: string, first: Place, second: Place): InventoryError {
  return new InventoryError({
    place: second,
    found: `the key "${key}" a second time (first in line ${first.line})`,
    expected: "each key once",
  });
}

function placeOf(yaml: YamlNode, reading: Reading): Place {
  return reading.at(yaml.range?.[0] ?? 0);
}
