/** What a value may not hold in a file of some format, as an error says it: "a control character". */
export class FormatError extends Error {}

/** Values enter a file only through the helper of its format, so no value can break it or add to it. `before` is the source up to the value. */
export type Format = (value: unknown, before: string) => string;

export const formats: Readonly<Record<string, Format>> = {
  json: literal,
  // JSON is YAML, and quoted JSON strings mean the same there.
  yaml: literal,
  // A string is written as in Go, and JSON's escapes are all among Go's.
  go: literal,
  systemd: systemdWord,
  env: envValue,
};

/**
 * What JSON may hold as it is, and readers of YAML refuse (C1, DEL), take for a line break (U+0085, U+2028) or drop (a byte order
 * mark): written as an escape, which all of them read back.
 */
const FRAGILE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

function literal(value: unknown): string {
  return JSON.stringify(value, whole).replace(
    FRAGILE,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A lone surrogate is none of Unicode's characters: what a reader makes of its escape is anybody's guess. */
function whole(_: string, value: unknown): unknown {
  if (typeof value === "string" && /\p{Cs}/u.test(value)) throw new FormatError("half a character");
  return value;
}

/** One word of a unit file: systemd.syntax(7) quoting, with `%` (specifiers) and `$` (variables, in commands only) taken literally. */
function systemdWord(value: unknown, before: string): string {
  const text = oneLine(value);
  const plain = text.replaceAll("%", "%%");
  const word = isCommand(before) ? plain.replaceAll("$", "$$$$") : plain;
  return /^[\w@%+=:,./$-]+$/.test(word) ? word : `"${word.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** Whether the value stands in a command: the last line that does not continue another begins with `Exec…=`. */
function isCommand(before: string): boolean {
  // Lines of Handlebars' own ({{#if x}}, {{else}}, {{/if}}) leave nothing in the file.
  const lines = before.replace(/^[ \t]*\{\{(?:[#/][^}]*|else)\}\}[ \t]*\n/gm, "");
  return /(?:^|\n)Exec\w*=(?:[^\n]|\\\n)*$/.test(lines);
}

function envValue(value: unknown): string {
  const text = oneLine(value);
  return /^[\w@%+=:,./-]*$/.test(text) ? text : `"${text.replace(/["\\$`]/g, "\\$&")}"`;
}

/** systemd drops a whole setting in which it finds one of these, and says so only in its journal. */
function oneLine(value: unknown): string {
  const text = String(value);
  if (/[\n\r]/.test(text)) throw new FormatError("more than one line");
  if (/(?!\t)\p{Cc}|[\u2028\u2029]/u.test(text)) throw new FormatError("a control character");
  if (/\p{Noncharacter_Code_Point}/u.test(text)) throw new FormatError("a code that is no character");
  if (/\p{Cs}/u.test(text)) throw new FormatError("half a character");
  return text;
}
