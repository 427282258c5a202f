import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** The engine, as its users import it. */
const OWN: Readonly<Record<string, string>> = { hostwright: "engine/index.ts" };

export interface Import {
  readonly from: string;
  readonly name: string;
  /** The file, where it is one of ours. */
  readonly target: string | undefined;
  readonly isType: boolean;
}

/** The source files below these folders, in order. */
export function sourcesOf(roots: readonly string[]): readonly string[] {
  return roots.flatMap((root) =>
    readdirSync(root, { recursive: true, encoding: "utf8" })
      .map((path) => join(root, path))
      .filter((path) => /\.m?ts$/.test(path) && !path.includes("node_modules"))
      .sort(),
  );
}

/** What a file imports, and exports again. */
export function importsOf(from: string): readonly Import[] {
  const found = readFileSync(from, "utf8").matchAll(
    /^(?:import|export) (type )?[^"']*?from "([^"]+)"|^import "([^"]+)"/gms,
  );
  return [...found].map(([, isType, named, bare]) => {
    const name = named ?? bare ?? "";
    return {
      from,
      name,
      target: name.startsWith(".") ? normalize(join(dirname(from), name)) : OWN[name],
      isType: isType !== undefined,
    };
  });
}

/** The files among these imports that lead back to themselves, each with the shortest way. */
export function cyclesOf(imports: readonly Import[]): readonly string[] {
  const graph = new Map<string, string[]>();
  for (const { from, target } of imports) if (target) graph.set(from, [...(graph.get(from) ?? []), target]);
  return [...graph.keys()].flatMap((start) => {
    const ways = new Map([[start, start]]);
    for (const [file, way] of ways)
      for (const target of graph.get(file) ?? []) {
        if (target === start) return [`${way} → ${start}`];
        if (!ways.has(target)) ways.set(target, `${way} → ${target}`);
      }
    return [];
  });
}

/** A file without its comments. */
export function codeOf(file: string): string {
  return readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
}

const BEGINS = [
  /^( *)(?:export )?(?:async )?function /,
  /^( *)(?:export )?const \w+(?:: [^=]+)? = (?:async )?(?:\(.*\)|\w+)(?:: [^=]+)? =>/,
  /^( +)(?:async )?(?!if|for|while|switch|catch|function)[a-zA-Z]+(?:<[^>]*>)?\([^=;]*\)(?:: [^=;]*)? \{$/,
];

/**
 * The lengths of a file's functions in lines, from the first line to the one of the closing brace: declarations, methods, and
 * constants that are functions. The code is formatted: a function ends where a line has its indentation again.
 */
export function functionLengths(file: string): readonly number[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.flatMap((line, first) => {
    const indent = BEGINS.map((begins) => begins.exec(line)?.[1]).find((found) => found !== undefined);
    if (indent === undefined) return [];
    const after = lines.slice(first + 1);
    const isWhole = /[;}]$/.test(line) || after[0]?.search(/\S/) === indent.length;
    // A line such as "): Type {" ends the parameters only.
    const last = after.findIndex((next) => next.search(/\S/) === indent.length && !/[{,(]$/.test(next));
    return [isWhole ? 1 : last + 2];
  });
}
