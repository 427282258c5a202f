import { styleText } from "node:util";
import type { Failure, OfHost, Place } from "../run/event.ts";

type Format = Parameters<typeof styleText>[0];

/** Where a report writes, and whether colours mean something there. */
export interface Output {
  write(text: string): unknown;
  readonly colour: boolean;
}

/** The text in a colour, where the output has any. */
export function paint({ colour }: Pick<Output, "colour">, format: Format, text: string): string {
  // Whether there is colour was decided by who made the output, who knows which stream it is.
  return colour ? styleText(format, text, { validateStream: false }) : text;
}

/** Control characters but the tab, what turns the direction of writing, line separators, and half characters. */
const HARMFUL = /(?!\t)[\p{Cc}\p{Bidi_Control}\u2028\u2029\p{Cs}]/gu;

/**
 * The text in one line, with control characters spelled out: what a host printed must neither drive the reader's
 * terminal nor look like a line of ours.
 */
export function harmless(text: string): string {
  return text.replace(HARMFUL, (char) => {
    if (char === "\n") return "\\n";
    const code = char.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
  });
}

/** The lines of a text, each harmless. */
export function harmlessLines(text: string): readonly string[] {
  return text.split(/\r?\n/).map(harmless);
}

/** The text, cut where it is longer than so many characters, with a note of how much is missing. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}… (${text.length - length} characters more)`;
}

/** As in "app-1", and "app-1 → mon" for what the roles of app-1 hold on mon. */
export function hostLabel({ host, on }: OfHost): string {
  return on === undefined ? host : `${host} → ${on}`;
}

/** As in "roles/base/index.ts:12" and "inventory/prod.yml:3:5". */
export function placeText({ file, line, column }: Place): string {
  return [file, line, column].filter((part) => part !== undefined).join(":");
}

/** A failure in one line, as in "host key of app-1 changed: found …, expected …". What is said of a resource takes more. */
export function failureLine({ message, found, expected, step, host }: Failure): string {
  const said = step ? [] : [found && `found ${found}`, expected && `expected ${expected}`].filter(Boolean);
  const whose = host === undefined ? "" : ` (host ${host})`;
  return harmless(`${said.length > 0 ? `${message}: ${said.join(", ")}` : message}${whose}`);
}

/** A time as in "3.2s", and from a minute on as in "2m05s". */
export function seconds(durationMs: number): string {
  if (durationMs < 59_950) return `${(durationMs / 1000).toFixed(1)}s`;
  const whole = Math.round(durationMs / 1000);
  return `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, "0")}s`;
}

/** A number of bytes as in "812 B" and "12.2 kB". */
export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  return count < 999_950 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1_000_000).toFixed(1)} MB`;
}

/** As in "1 host" and "3 hosts". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
