import { reveal, type Text } from "../shell/secret.ts";

/** What every reader takes as it is. */
export const PLAIN = /^[A-Za-z0-9_.,:/@%+=-]*$/;

/**
 * All spellings of a value that a shell, systemd and compose read the same, the one to write first: plain where no reader
 * could misread it, else in double or single quotes. Compose knows no `\\`` in double quotes and takes `\'` for a quote.
 */
export function spellings(key: string, text: Text): readonly string[] {
  const value = reveal(text);
  if (/[\n\r]/.test(value)) throw refused(key, "more than one line");
  // Most are of ASCII: what all of Unicode has is asked about the others.
  if (!/^[\x20-\x7e]*$/.test(value) && UNTAKEN.test(value.replaceAll("\t", "")))
    throw refused(key, "a control character or one that is none, which systemd does not take");
  const spelled = [
    ...(PLAIN.test(value) ? [value] : []),
    ...(value.includes("`") ? [] : [`"${value.replaceAll(/[\\"$]/g, "\\$&")}"`]),
    ...(value.includes("'") || /(?<!\\)(\\\\)*\\$/.test(value) ? [] : [`'${value}'`]),
  ];
  if (spelled.length === 0)
    throw refused(
      key,
      "a backquote, and a single quote or a backslash at its end: shells, systemd and compose read no spelling of it the same",
    );
  return spelled;
}

const UNTAKEN = /[\p{Control}\p{Surrogate}\p{Noncharacter_Code_Point}]/u;

/** The value itself is not shown: it may be a secret. */
function refused(key: string, what: string): TypeError {
  return new TypeError(`env-file: the value of ${key} has ${what}`);
}
