import { readFileSync } from "node:fs";
import { type Node, readDocument } from "./document.ts";
import type { Env } from "./env.ts";
import { InventoryError, isMapping, type Place, shownPath } from "./inventory.ts";
import { describe } from "./problem.ts";
import { typedText, type VarSchemas } from "./typed-text.ts";

/**
 * Returns the vars of each `-e`, in order: `k=v k2="two words"`, JSON or YAML in braces, or `@file`. The values of pairs are
 * text, as in Ansible, unless `schemas` say that their var is none. Throws InventoryError.
 */
export function parseExtraVars(args: readonly string[], env: Env, schemas: VarSchemas = new Map()): readonly Node[] {
  const nameOf = (index: number) => (args.length === 1 ? "-e" : `-e[${index + 1}]`);
  return args.map((arg, index) => parseOne(arg, nameOf(index), { env, schemas }));
}

interface Reading {
  readonly env: Env;
  readonly schemas: VarSchemas;
}

function parseOne(arg: string, file: string, { env, schemas }: Reading): Node {
  const start: Place = { file, line: 0, column: 0 };
  if (arg.startsWith("@"))
    return asMapping(readDocument(readFile(arg.slice(1), start), shownPath(arg.slice(1)), env), start);
  if (/^[[{]/.test(arg)) return asMapping(readDocument(arg, file, env), start);
  if (/^[/.]/.test(arg)) throw new InventoryError({ place: start, found: `the path ${arg}`, expected: "@ before it" });
  return pairs(arg, file, schemas);
}

function asMapping(node: Node | undefined, place: Place): Node {
  if (node !== undefined && isMapping(node.value)) return node;
  throw new InventoryError({
    place: node?.place ?? place,
    found: describe(node?.value),
    expected: "a mapping of vars",
  });
}

function readFile(path: string, place: Place): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const reason =
      cause instanceof Error && "code" in cause && cause.code === "ENOENT" ? "no such file" : String(cause);
    throw new InventoryError({ place, found: `${reason} (${path})`, expected: "a file of vars after @" }, { cause });
  }
}

function pairs(arg: string, file: string, schemas: VarSchemas): Node {
  const parts = new Map(
    words(arg, file).map(({ text, offset }) => {
      const place = { file, line: 1, column: offset + 1 };
      const [, key = "", value = ""] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
      if (key === "") throw new InventoryError({ place, found: JSON.stringify(text), expected: "key=value" });
      const column = offset + key.length + (/^["']/.test(value) ? 3 : 2);
      const node = { ...typedText(unquote(value), { ...place, column }, schemas.get(key) ?? []), place };
      return [key, { node, keyPlace: place, keyIsText: true }] as const;
    }),
  );
  if (parts.size === 0)
    throw new InventoryError({
      place: { file, line: 0, column: 0 },
      found: "nothing",
      expected: "key=value, JSON or @file",
    });
  const value = Object.fromEntries([...parts].map(([key, { node }]) => [key, node.value]));
  return { value, place: { file, line: 1, column: 1 }, parts };
}

function words(arg: string, file: string): { text: string; offset: number }[] {
  // A list or mapping behind the equals sign is one word, spaces and all.
  const found = [...arg.matchAll(/(?:=\[[^\]]*\]|=\{[^}]*\}|"(?:\\.|[^"\\])*"|'[^']*'|[^\s"'])+/gs)];
  const rest = found.reduceRight(
    (text, match) => text.slice(0, match.index) + text.slice(match.index + match[0].length),
    arg,
  );
  if (rest.trim() === "") return found.map((match) => ({ text: match[0], offset: match.index }));
  throw new InventoryError({
    place: { file, line: 0, column: 0 },
    found: `a quote without its end in ${JSON.stringify(arg)}`,
    expected: "it closed",
  });
}

// Only quotes around the whole value go, as in Ansible.
function unquote(value: string): string {
  const quoted = /^(["'])(.*)\1$/s.exec(value);
  return quoted?.[2] === undefined ? value : quoted[2].replace(/\\(["'\\])/g, "$1");
}
