import { isIPv4 } from "node:net";
import { addressProblem } from "./address.ts";
import { globProblem } from "./glob.ts";
import { re2Problem } from "./re2.ts";
import {
  endpointProblem,
  folderUrlProblem,
  hostPortProblem,
  pageUrlProblem,
  urlProblem,
  webhookProblem,
} from "./url.ts";

/** What a text has to be beyond text, by the name that a schema has for it in `format`. */
export interface Format {
  /** What messages say was expected. */
  readonly words: string;
  /** What keeps a text from being that; undefined where nothing does. */
  problem(text: string): string | undefined;
}

/** All formats that a var may have. */
export const formats = {
  address: { words: "an address or a name, such as 192.0.2.10 or app-1.example.com", problem: addressProblem },
  ipv4: {
    words: "an IPv4 address, such as 192.0.2.10",
    problem: (text) => (isIPv4(text) ? undefined : (addressProblem(text) ?? "this is none")),
  },
  endpoint: { words: "a host, or a host and a port, such as s3.example.com:9000", problem: endpointProblem },
  "host-port": { words: "a host and a port, such as smtp.example.com:587", problem: hostPortProblem },
  url: { words: "a URL, such as https://metrics.example.com/api/v1/write", problem: urlProblem },
  webhook: { words: "a URL, such as https://hooks.example.com/T0/B0", problem: webhookProblem },
  "folder-url": {
    words: "a URL without a slash at its end, such as https://mirror.example.com",
    problem: folderUrlProblem,
  },
  "page-url": { words: "a URL, such as https://www.example.com", problem: pageUrlProblem },
  re2: { words: "a regular expression that Go reads (RE2)", problem: re2Problem },
  glob: { words: "a pattern of file names, such as *.log", problem: globProblem },
  day: { words: "a day, such as 2026-01-31", problem: dayProblem },
  account: { words: "the name of a user or a group, such as ubuntu", problem: accountProblem },
  bucket: { words: "the name of a bucket, such as logs-of-prod", problem: bucketProblem },
  "file-size": { words: "a size, such as 10m, of at most 100g", problem: sizeProblem },
  bcrypt: { words: "a password of at most 72 bytes, since bcrypt ignores the rest", problem: bcryptProblem },
} as const satisfies Readonly<Record<string, Format>>;

/** The name of a format. */
export type FormatName = keyof typeof formats;

/** Returns what messages say was expected instead of this text. */
export function formatWords(name: unknown, text: unknown): string {
  const format = formatOf(name);
  if (format === undefined) return `text in the form of "${name}"`;
  const problem = typeof text === "string" ? format.problem(text) : undefined;
  return `${format.words}${problem === undefined ? "" : `: ${problem}`}`;
}

/** Returns the format of this name; undefined where there is none. */
export function formatOf(name: unknown): Format | undefined {
  return typeof name === "string" ? new Map<string, Format>(Object.entries(formats)).get(name) : undefined;
}

function dayProblem(text: string): string | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return "this is not written as YYYY-MM-DD";
  const day = new Date(`${text}T00:00:00Z`);
  const exists = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
  return exists ? undefined : "there is no such day";
}

/** What useradd takes with its widest setting; more would be a word of an option or two words to many programs. */
function accountProblem(text: string): string | undefined {
  if (text.length > 32) return "this is longer than 32 characters";
  return /^[A-Za-z0-9_][\w.-]*\$?$/.test(text)
    ? undefined
    : "only letters, digits, _, . and - may be in it, and no - first";
}

/** The rules of Amazon's S3, which others follow. */
function bucketProblem(text: string): string | undefined {
  if (text.length < 3 || text.length > 63) return "a name has 3 to 63 characters";
  if (isIPv4(text)) return "this is an address";
  const isName = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(text);
  return isName
    ? undefined
    : "only small letters, digits, - and single dots may be in it, with a letter or digit around each dot";
}

const KILOBYTES = { k: 1, m: 1024, g: 1024 ** 2 } as const;

function sizeProblem(text: string): string | undefined {
  const [, count = "", unit] = /^([1-9]\d*)([kmg])$/.exec(text) ?? [];
  if (unit === undefined) return "this is not a number from 1 and one of k, m, g";
  return Number(count) * KILOBYTES[unit as keyof typeof KILOBYTES] <= 100 * KILOBYTES.g ? undefined : "this is more";
}

function bcryptProblem(text: string): string | undefined {
  return Buffer.byteLength(text) <= 72 ? undefined : "this is longer";
}
