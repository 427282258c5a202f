import { Secret } from "./secret.ts";

/**
 * A piece of POSIX sh, in which every value is quoted. Nominal, and only its type is exported: `sh`, `lines` and `trusted` make
 * one, and no object that merely has a `text` passes for it.
 */
class Script {
  readonly text: string;
  /** Waits for other programs more than it computes: as a section that only looks, it runs at the same time as others. */
  readonly isBeside: boolean;
  readonly #made = true;

  constructor(text: string, isBeside = false) {
    this.text = text;
    this.isBeside = isBeside;
  }

  /** True for what was made here, whatever its type says. */
  static is(value: unknown): value is Script {
    return typeof value === "object" && value !== null && #made in value;
  }
}

export type { Script };

/** The one way by which a text becomes a script as it stands: for what this program wrote itself, never for data. */
export function trusted(text: string): Script {
  return new Script(text);
}

/** What may stand in `${…}` of a script: a script is inserted as it is, a list is spread, anything else is one word. */
export type Value = string | number | Secret | Script | readonly Value[];

/** Returns a script in which every value is one word in single quotes. Indentation common to all lines is removed. */
export function sh(strings: TemplateStringsArray, ...values: readonly Value[]): Script {
  const [first = "", ...rest] = dedent(strings);
  return trusted(rest.reduce((joined, piece, index) => joined + insert(values[index] as Value) + piece, first).trim());
}

/** Returns the same script, to be run at the same time as others where it only looks: what it writes to stderr is then lost. */
export function beside({ text }: Script): Script {
  return new Script(text, true);
}

/** Returns the scripts one after the other, each on lines of its own. */
export function lines(scripts: readonly Script[]): Script {
  return trusted(scripts.map(({ text }) => text).join("\n"));
}

/** Script that makes "$@" the lines of a variable, but for empty ones, without a process. */
export function splitLines(variable: Script): Script {
  return sh`
    IFS=${"\n"}
    set -f
    set -- ${variable}
    set +f
    unset IFS`;
}

/** Quotes one word for any POSIX shell: zx's `quote` writes bash's `$'…'`, which dash prints literally. */
export function quoteWord(word: string): string {
  if (word.includes("\0")) throw new TypeError("a shell word cannot hold a NUL character");
  // As UTF-8 it would become another character, and a file with it would differ at every run.
  if (/\p{Cs}/u.test(word)) throw new TypeError("a shell word cannot hold half a character (a lone surrogate)");
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function insert(value: Value): string {
  if (typeof value === "string") return quoteWord(value);
  if (typeof value === "number") return quoteWord(String(value));
  if (value instanceof Secret) return quoteWord(value.reveal());
  if (Array.isArray(value)) return value.map(insert).join(" ");
  if (Script.is(value)) return value.text;
  // Data from JSON or YAML, past the types: quoted or refused, never run.
  throw new TypeError(
    `found ${Object.prototype.toString.call(value)} in a script, expected text, a number or a script`,
  );
}

function dedent(pieces: readonly string[]): readonly string[] {
  const indents = pieces.flatMap((piece) =>
    [...piece.matchAll(/\n([ \t]*)(?=\S)/g)].map((match) => match[1]?.length ?? 0),
  );
  const common = new RegExp(`\\n[ \\t]{0,${indents.length > 0 ? Math.min(...indents) : 0}}`, "g");
  return pieces.map((piece) => piece.replaceAll(common, "\n"));
}
