import { inspect } from "node:util";

/** What a secret prints as, wherever it is printed. */
export const MASK = "********";

/** A value that never prints: text, JSON and inspection all give `********`. Only `reveal` gives the value. */
export class Secret {
  readonly source: string;
  readonly #read: () => string;

  /** `value` may be read late, so that a missing one is an error only where it is used; `source` says where it came from. */
  constructor(value: string | (() => string), source: string) {
    this.#read = typeof value === "string" ? () => value : value;
    this.source = source;
  }

  /** Returns the value; throws what its reader throws (a missing environment variable, an unreadable file). */
  reveal(): string {
    return this.#read();
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}

/** Text, or text that must not be shown. */
export type Text = string | Secret;

/** The plain text of either kind. */
export function reveal(text: Text): string {
  return text instanceof Secret ? text.reveal() : text;
}

/** Returns a function that replaces every given value, also in its base64 and URL spelling, by `********`. */
export function masker(secrets: readonly Secret[]): (text: string) => string {
  // A program may well print a key without the line break at its end.
  const values = secrets.map((secret) => secret.reveal()).flatMap((value) => [value, value.trim()]);
  const spellings = [...new Set(values.flatMap(spellingsOf))]
    // Longest first: a secret that contains another one must not leave its ends behind.
    .sort((a, b) => b.length - a.length);
  return (text) => spellings.reduce((masked, spelling) => masked.replaceAll(spelling, MASK), text);
}

/** Shorter pieces of a secret stand in ordinary text by chance. */
const MIN_PIECE_LENGTH = 8;

function spellingsOf(value: string): string[] {
  if (value === "") return [];
  const base64 = Buffer.from(value).toString("base64");
  const inJson = JSON.stringify(value).slice(1, -1);
  const inShell = value.replaceAll("'", `'\\''`);
  const inForm = new URLSearchParams([["", value]]).toString().slice(1);
  const whole = [value, base64, base64.replace(/=+$/, ""), encodeURIComponent(value), inForm, inJson, inShell];
  // Reports show the last lines of what a command said, so a key may come without its beginning.
  const pieces = [...value.split(/\r?\n/), ...withinBase64(Buffer.from(value))];
  const all = [...whole, ...pieces.filter((piece) => piece.length >= MIN_PIECE_LENGTH)];
  return [...new Set([...all, ...all.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"))])];
}

/** What base64 of a longer text, such as "user:password", has of these bytes, wherever they stand in it. */
function withinBase64(bytes: Buffer): readonly string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    // Characters at both ends hold bits of the neighbours too.
    const end = Math.floor(((before + bytes.length) * 8) / 6);
    return text.slice(Math.ceil((before * 8) / 6), end);
  });
}
