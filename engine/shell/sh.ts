import { Secret } from "./secret.ts";

/** A piece of POSIX sh. Made by `sh` only, so that every value in it is quoted. */
export interface Script {
  readonly text: string;
}

/** What may stand in `${…}` of a script: a script is inserted as it is, a list is spread, anything else is one word. */
export type Value = string | number | Secret | Script | readonly Value[];

/** Returns a script in which every value is one word in single quotes. Indentation common to all lines is removed. */
export function sh(strings: TemplateStringsArray, ...values: readonly Value[]): Script {
  const [first = "", ...rest] = dedent(strings);
  return { text: rest.reduce((joined, piece, index) => joined + insert(values[index] ?? "") + piece, first).trim() };
}

/** Returns the scripts one after the other, each on lines of its own. */
export function lines(scripts: readonly Script[]): Script {
  return { text: scripts.map(({ text }) => text).join("\n") };
}

/** Quotes one word for any POSIX shell: zx's `quote` writes bash's `$'…'`, which dash prints literally. */
export function quoteWord(word: string): string {
  if (word.includes("\0")) throw new TypeError("a shell word cannot hold a NUL character");
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function insert(value: Value): string {
  if (typeof value === "string") return quoteWord(value);
  if (typeof value === "number") return quoteWord(String(value));
  if (value instanceof Secret) return quoteWord(value.reveal());
  if ("text" in value) return value.text;
  return value.map(insert).join(" ");
}

function dedent(pieces: readonly string[]): readonly string[] {
  const indents = pieces.flatMap((piece) =>
    [...piece.matchAll(/\n([ \t]*)(?=\S)/g)].map((match) => match[1]?.length ?? 0),
  );
  const common = new RegExp(`\\n[ \\t]{0,${indents.length > 0 ? Math.min(...indents) : 0}}`, "g");
  return pieces.map((piece) => piece.replaceAll(common, "\n"));
}
