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
  const spellings = [...new Set(secrets.flatMap((secret) => spellingsOf(secret.reveal())))]
    // Longest first: a secret that contains another one must not leave its ends behind.
    .sort((a, b) => b.length - a.length);
  return (text) => spellings.reduce((masked, spelling) => masked.replaceAll(spelling, MASK), text);
}

function spellingsOf(value: string): string[] {
  if (value === "") return [];
  const base64 = Buffer.from(value).toString("base64");
  const inJson = JSON.stringify(value).slice(1, -1);
  const inShell = value.replaceAll("'", `'\\''`);
  return [value, base64, base64.replace(/=+$/, ""), encodeURIComponent(value), inJson, inShell];
}
