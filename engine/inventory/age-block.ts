import { resolve } from "node:path";
import { isAlias, isMap, isScalar, type Scalar, visit, type YAMLMap } from "yaml";
import type { Mismatch } from "../format/mismatch.ts";
import { readDocument } from "./document.ts";
import { InventoryError, type Place } from "./inventory.ts";
import { hintFor } from "./suggest.ts";
import { parseYaml } from "./yaml-text.ts";

/** An `!age` block of a file. */
export interface Block {
  readonly text: string;
  readonly place: Place;
}

/** A vars file while blocks of it are read and replaced: everything else in it stays as it is, to the byte. */
export interface Source {
  readonly file: string;
  readonly text: string;
}

/** All `!age` blocks, in order. Throws InventoryError on a file that is not YAML. */
export function blocksOf(source: Source): readonly Block[] {
  return scalarsOf(source).map(({ scalar, place }) => ({ text: String(scalar.value ?? ""), place }));
}

/** Returns the text with each `!age` block replaced by the armored text of the same index. */
export function replaceBlocks(source: Source, armored: readonly string[]): string {
  const { text } = source;
  return scalarsOf(source).reduceRight((result, { scalar, place }, index) => {
    const [start, end] = rangeOf(scalar);
    if (scalar.type !== "BLOCK_LITERAL")
      throw new InventoryError({ place, found: "!age without |", expected: "a block" });
    const header = text.slice(start, text.indexOf("\n", start) + 1);
    const indent = /^ */.exec(text.slice(start + header.length))?.[0] ?? "";
    return result.slice(0, start) + header + indented(armored[index] ?? "", indent, text) + result.slice(end);
  }, text);
}

/** The `!age` block of a var; undefined where the var is missing or empty. Throws InventoryError on any other value. */
export function blockAt(source: Source, name: string): Block | undefined {
  const { value, place } = find(source, name);
  if (isScalar(value) && value.tag === "!age") return { text: String(value.value ?? ""), place };
  if (isEmpty(value)) return undefined;
  throw new InventoryError({ message: `var ${name}`, place, found: "no !age block", expected: "one" });
}

/** Returns the text with this var as an `!age` block; a top-level var of group_vars and host_vars may be new. Throws InventoryError. */
export function setBlock(source: Source, name: string, armored: string): string {
  const { file, text } = source;
  const found = find(source, name);
  const { key } = found;
  const result = key === undefined ? append(text, name, armored) : replaceValue(text, { ...found, key }, armored);
  const written = blockAt({ file, text: result }, name);
  if (written?.text.trim() === armored.trim()) return result;
  throw new InventoryError({
    message: `var ${name}`,
    place: found.place,
    found: "a layout that cannot be edited",
    expected: `"${name}: value"`,
  });
}

function append(text: string, name: string, armored: string): string {
  const eol = endOfLine(text);
  // Behind the marker of the document's end there is no more of it.
  const end = text.search(/^\.\.\.(?:\s|$)/m);
  const [head, tail] = end < 0 ? [text, ""] : [text.slice(0, end), text.slice(end)];
  const before = head === "" || head.endsWith("\n") ? head : head + eol;
  return `${before}${name}: !age |${eol}${indented(armored, "  ", text)}${tail}`;
}

function replaceValue(text: string, { key, value, place }: Found & Pick<Step, "key">, armored: string): string {
  const expected = "a single value";
  if (!isEmpty(value) && !isScalar(value) && !isAlias(value))
    throw new InventoryError({ place, found: "a mapping or list", expected });
  if (isScalar(value) && value.anchor)
    throw new InventoryError({ place, found: `the anchor &${value.anchor}`, expected: `${expected} without one` });
  const [start, end] = rangeOf(key);
  const column = start - (text.lastIndexOf("\n", start - 1) + 1);
  const from = text.indexOf(":", end) + 1;
  const { to, comment } = restOf(text, from, value);
  const block = indented(armored, " ".repeat(column + 2), text);
  return `${text.slice(0, from)} !age |${comment}${endOfLine(text)}${block}${text.slice(to)}`;
}

/** The armored text as it stands in a YAML file below `name: !age |`; a last line break included. */
export function indented(armored: string, indent: string, like = ""): string {
  const eol = endOfLine(like);
  const lines = armored.trimEnd().split("\n");
  return lines.map((line) => `${indent}${line}${eol}`).join("");
}

interface Found {
  readonly key: Scalar | undefined;
  readonly value: unknown;
  readonly place: Place;
}

function find(source: Source, name: string): Found {
  const { file } = source;
  const { contents, at } = parse(source);
  const missing = { key: undefined, value: undefined, place: { file, line: 0, column: 0 } };
  // Elsewhere a new key at the top would be a group.
  const mayAdd = /\/(group_vars|host_vars)\//.test(resolve(file)) && !name.includes(".");
  if (isEmpty(contents) && mayAdd) return missing;
  if (!isMap(contents))
    throw new InventoryError({ place: missing.place, found: "no mapping at the top", expected: "vars" });
  if (contents.flow)
    throw new InventoryError({
      place: at(rangeOf(contents)[0]),
      found: "all vars within braces",
      expected: "each on a line of its own",
    });
  const path = locate(contents, name.split("."));
  const last = path?.at(-1);
  if (last === undefined && mayAdd) {
    checkLastLine(source);
    return missing;
  }
  if (last === undefined) throw new InventoryError({ place: missing.place, ...noVar(contents, name) });
  const place = at(rangeOf(last.key)[0]);
  if (path?.some(({ parent }) => parent.flow))
    throw new InventoryError({
      message: `var ${name}`,
      place,
      found: "it within braces",
      expected: "it on a line of its own",
    });
  return { ...last, place };
}

/** A line break behind a block that keeps its own would become part of its value. */
function checkLastLine(source: Source): void {
  const { document, at } = parse(source);
  visit(document, {
    Scalar(_, scalar) {
      const [start, end] = rangeOf(scalar);
      const isBlock = scalar.type === "BLOCK_LITERAL" || scalar.type === "BLOCK_FOLDED";
      if (!isBlock || end < source.text.length || source.text.endsWith("\n") || /^.\d?-/.test(source.text.slice(start)))
        return;
      throw new InventoryError({
        place: at(start),
        found: "a block that ends without a line break",
        expected: "one behind it",
      });
    },
  });
}

function noVar(contents: YAMLMap, name: string): Mismatch {
  const found = `no var ${name}`;
  const keys = contents.items.map(({ key }) => String(key));
  const hint = hintFor(name, keys);
  if (hint !== undefined) return { found, expected: "it there", hint };
  return { found, expected: `it there, such as "${name}:" without a value, named by its path (all.vars.${name})` };
}

interface Step {
  readonly parent: YAMLMap;
  readonly key: Scalar;
  readonly value: unknown;
}

// Keys may have dots in them (hosts do): the longest key that fits is tried first.
function locate(map: YAMLMap, path: readonly string[]): readonly Step[] | undefined {
  for (let length = path.length; length > 0; length--) {
    const wanted = path.slice(0, length).join(".");
    const pair = map.items.find(({ key }) => isScalar(key) && String(key.value) === wanted);
    if (pair === undefined || !isScalar(pair.key)) continue;
    const step = { parent: map, key: pair.key, value: pair.value };
    if (length === path.length) return [step];
    const rest = isMap(pair.value) ? locate(pair.value, path.slice(length)) : undefined;
    if (rest !== undefined) return [step, ...rest];
  }
  return undefined;
}

/** Where the value after this colon ends, and the comment of its line, which moves before the block. */
function restOf(text: string, from: number, value: unknown): { to: number; comment: string } {
  const scalar = isEmpty(value) ? undefined : (value as Scalar);
  if (scalar?.type === "BLOCK_LITERAL" || scalar?.type === "BLOCK_FOLDED") {
    const [start, end] = rangeOf(scalar);
    const header = text.slice(start, text.indexOf("\n", start));
    return { to: end, comment: /\s+#.*?(?=\r?$)/.exec(header)?.[0] ?? "" };
  }
  const end = scalar === undefined ? from : rangeOf(scalar)[1];
  const newline = text.indexOf("\n", end);
  const to = newline < 0 ? text.length : newline + 1;
  const rest = text.slice(end, to).trimEnd();
  return { to, comment: rest.trim() === "" ? "" : ` ${rest.trim()}` };
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (isScalar(value) && value.source === "" && value.tag === undefined);
}

function scalarsOf(source: Source): readonly { readonly scalar: Scalar; readonly place: Place }[] {
  const { document, at } = parse(source);
  const found: { scalar: Scalar; place: Place }[] = [];
  visit(document, {
    Scalar(_, scalar) {
      if (scalar.tag === "!age") found.push({ scalar, place: at(rangeOf(scalar)[0]) });
    },
  });
  return found;
}

function parse({ file, text }: Source) {
  // It says what is wrong, in the words of the inventory.
  readDocument(text, file, {});
  const { document, position } = parseYaml(text);
  const at = (offset: number): Place => ({ file, ...position(offset) });
  return { document, contents: document.contents, at };
}

function rangeOf({ range }: { range?: readonly number[] | null }): readonly [number, number] {
  return [range?.[0] ?? 0, range?.[1] ?? 0];
}

function endOfLine(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}
