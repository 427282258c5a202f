import { MismatchError } from "./mismatch.ts";

/**
 * Returns what keeps this text from being a glob of file names as agents in Go read it (doublestar): `*`, `?`, `[a-z]`,
 * `{a,b}` and a backslash before a character that is to mean itself; undefined where nothing does.
 */
export function globProblem(glob: string): string | undefined {
  return expression(glob).problem;
}

/** Whether the glob matches this file name. Throws `TypeError` on a glob that is none. */
export function globMatches(glob: string, name: string): boolean {
  const { source, problem } = expression(glob);
  if (problem !== undefined)
    throw new MismatchError({ found: `the glob ${glob}`, expected: `one that is complete: ${problem}` });
  return new RegExp(`^(?:${source})$`, "su").test(name);
}

/** One step of a glob. Braces are counted while they are read; what else begins with a bracket or a backslash is not whole. */
const TOKEN = /\*+|\?|\[[!^]?(?:\\.|[^\]\\])(?:\\.|[^\]\\])*\]|\\.|[^[\\]/gsu;

function expression(glob: string): { readonly source: string; readonly problem?: string } {
  const tokens = glob.match(TOKEN) ?? [];
  if (tokens.join("") !== glob) return { source: "", problem: unfinished(glob) };
  let depth = 0;
  let source = "";
  for (const token of tokens) {
    if (token === "{") depth += 1;
    if (token === "}") depth -= 1;
    if (depth < 0) return { source, problem: "a } has no { before it" };
    source += part(token, depth > 0 || token === "}");
  }
  const problem = depth > 0 ? "a { is not closed" : sourceProblem(source);
  return problem === undefined ? { source } : { source, problem };
}

function unfinished(glob: string): string {
  return /(?<!\\)\[[!^]?\]/.test(glob)
    ? "a [ has nothing in it"
    : "a [ is not closed, or a backslash stands at the end";
}

function part(token: string, inBraces: boolean): string {
  if (token.startsWith("*")) return "[^/]*";
  if (token === "?") return "[^/]";
  if (token.startsWith("[")) return token.replace(/^\[!/, "[^").replaceAll(/(?!^)\[/g, "\\[");
  if (inBraces && token === "{") return "(?:";
  if (inBraces && token === "}") return ")";
  if (inBraces && token === ",") return "|";
  const character = token.replace(/^\\/s, "");
  return /[\^$.*+?()[\]{}|\\/]/.test(character) ? `\\${character}` : character;
}

/** What is left to go wrong is a range such as `[z-a]`. */
function sourceProblem(source: string): string | undefined {
  try {
    new RegExp(source, "su");
    return undefined;
  } catch {
    return "a range in [ ] runs backwards";
  }
}
