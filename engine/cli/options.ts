import { parseArgs } from "node:util";
import type { Problem } from "../inventory/inventory.ts";
import { withFiles } from "../inventory/limit-file.ts";
import { hintFor } from "../inventory/suggest.ts";
import { seconds, wholeNumber } from "./number.ts";
import { UsageError } from "./usage-error.ts";

export { UsageError } from "./usage-error.ts";

/** What the command line says. */
export interface Options {
  readonly inventory: readonly string[];
  readonly limit: string | undefined;
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly check: boolean;
  readonly diff: boolean;
  readonly extraVars: readonly string[];
  readonly forks: number;
  readonly user: string | undefined;
  readonly privateKey: string | undefined;
  readonly timeoutSeconds: number;
  readonly verbose: boolean;
  readonly listHosts: boolean;
  readonly listTasks: boolean;
  readonly listTags: boolean;
  readonly askBecomePass: boolean;
  readonly askPass: boolean;
  readonly syntaxCheck: boolean;
  readonly json: boolean;
  /** The file for the JUnit report. */
  readonly junit: string | undefined;
  readonly report: string | undefined;
  readonly message: string | undefined;
  readonly lockWaitSeconds: number;
  /** For how long a host is waited for that went away. */
  readonly reconnectSeconds: number;
  /** For the whole run; 0 is none. */
  readonly deadlineSeconds: number;
  /** By host: `true`, or the fingerprint that the new key must have. */
  readonly rebuilt: ReadonlyMap<string, true | string>;
  readonly acceptNew: boolean;
  readonly failOnChanges: boolean;
  readonly failOnDrift: boolean;
  readonly help: boolean;
  readonly become: boolean;
  /** Those of the program's own flags that are given. */
  readonly flags: ReadonlySet<string>;
  /** The file that was started; vars folders beside it are read. */
  readonly program: string | undefined;
  /** Words that are no options; only programs that say so take any. */
  readonly words: readonly string[];
}

const flags = {
  inventory: { type: "string", short: "i", multiple: true },
  limit: { type: "string", short: "l" },
  tags: { type: "string", short: "t", multiple: true },
  "skip-tags": { type: "string", multiple: true },
  check: { type: "boolean", short: "C" },
  diff: { type: "boolean", short: "D" },
  "extra-vars": { type: "string", short: "e", multiple: true },
  forks: { type: "string", short: "f" },
  user: { type: "string", short: "u" },
  "private-key": { type: "string" },
  timeout: { type: "string" },
  verbose: { type: "boolean", short: "v", multiple: true },
  "list-hosts": { type: "boolean" },
  "list-tasks": { type: "boolean" },
  "list-tags": { type: "boolean" },
  // Becoming root is what plays do unless told not to; Ansible's flag is understood so that habits do no harm.
  become: { type: "boolean", short: "b" },
  "ask-become-pass": { type: "boolean", short: "K" },
  "ask-pass": { type: "boolean", short: "k" },
  "syntax-check": { type: "boolean" },
  json: { type: "boolean" },
  junit: { type: "string" },
  report: { type: "string" },
  message: { type: "string" },
  "lock-wait": { type: "string" },
  reconnect: { type: "string" },
  deadline: { type: "string" },
  rebuilt: { type: "string", multiple: true },
  "accept-new": { type: "boolean" },
  "fail-on-changes": { type: "boolean" },
  "fail-on-drift": { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** What `--help` prints. */
export const HELP = `usage: npx zx playbooks/NAME.mts [options]

  -i, --inventory FILE      inventory, may be repeated (default: HOSTWRIGHT_INVENTORY, else package.json, else the lab);
                            or hosts with a comma: web-1,web-2:2222
  -l, --limit PATTERN       only these hosts, e.g. app:!app-3; @FILE: a pattern a line
  -C, --check               change nothing, say what would change
  -D, --diff                show before and after
  -t, --tags A,B            only resources with a tag; --skip-tags A,B: all but those. A role's name is a tag
  -e, --extra-vars VARS     k=v (of the type that roles ask for), JSON or @file; wins over every inventory
  -f, --forks N             hosts at a time (20)
  -u, --user NAME           login where the inventory names none;  --private-key FILE: likewise
      --timeout TIME        to connect and log in (10s);  --deadline TIME: for the whole run
      --rebuilt HOST[=SHA256:…]   the host was rebuilt: take its new key, this run only
      --accept-new          pin the keys of hosts that no known_hosts file has
      --lock-wait TIME      wait for another run on a host (0);  --reconnect TIME: for one that went away (60s)
      --fail-on-changes     in check mode: exit 3 if something would change;  --fail-on-drift: if a host was edited
  -K, --ask-become-pass     ask once for the sudo password;  -k, --ask-pass: for the SSH password
      --list-hosts, --list-tasks, --list-tags   print the hosts, resources, tags of each play, contact no host
      --syntax-check        check playbook, inventory and vars, contact no host
      --json                events on stdout, one a line, and the text on stderr (docs/output.md)
      --junit FILE          a report for CI systems;  --report FILE.html: a page;  --message FILE: lines for a chat
  -v, --verbose             round trips, bytes and the time of each phase, by host
  -h, --help

exit: 0 fine, 1 usage or inventory error, 2 a host failed, 3 changes (--fail-on-…), 4 unreachable, 5 locked`;

interface Parsing {
  readonly takesWords?: boolean;
  readonly own?: readonly string[];
  readonly program?: string;
  /** For how long a host is waited for that went away, unless told. */
  readonly reconnectSeconds?: number | undefined;
}

/**
 * Parses a command line strictly; `takesWords` for programs that read words which are no options, `own` are a program's own
 * flags, `program` is its file, which may be more patient than others. Throws `UsageError`.
 */
export function parseOptions(
  args: readonly string[],
  { takesWords = false, own = [], program, reconnectSeconds = 60 }: Parsing = {},
): Options {
  const { values, positionals } = parse(args, takesWords, own);
  return {
    inventory: values.inventory ?? [],
    limit: values.limit === undefined ? undefined : withFiles(values.limit),
    tags: commaSeparated(values.tags),
    skipTags: commaSeparated(values["skip-tags"]),
    check: values.check ?? false,
    diff: values.diff ?? false,
    extraVars: values["extra-vars"] ?? [],
    forks: wholeNumber("--forks", values.forks, 20, 1),
    user: values.user,
    privateKey: values["private-key"],
    timeoutSeconds: seconds("--timeout", values.timeout, 10, 1),
    verbose: (values.verbose ?? []).length > 0,
    listHosts: values["list-hosts"] ?? false,
    listTasks: values["list-tasks"] ?? false,
    listTags: values["list-tags"] ?? false,
    askBecomePass: values["ask-become-pass"] ?? false,
    askPass: values["ask-pass"] ?? false,
    syntaxCheck: values["syntax-check"] ?? false,
    json: values.json ?? false,
    junit: values.junit,
    report: values.report,
    message: values.message,
    lockWaitSeconds: seconds("--lock-wait", values["lock-wait"], 0, 0),
    reconnectSeconds: seconds("--reconnect", values.reconnect, reconnectSeconds, 0),
    deadlineSeconds: seconds("--deadline", values.deadline, 0, 0),
    rebuilt: new Map((values.rebuilt ?? []).map(rebuiltHost)),
    acceptNew: values["accept-new"] ?? false,
    failOnChanges: values["fail-on-changes"] ?? false,
    failOnDrift: values["fail-on-drift"] ?? false,
    help: values.help ?? false,
    become: values.become ?? false,
    flags: new Set(own.filter((name) => (values as Readonly<Record<string, unknown>>)[name] === true)),
    program,
    words: positionals,
  };
}

function parse(args: readonly string[], allowPositionals: boolean, own: readonly string[]) {
  const options = { ...Object.fromEntries(own.map((name) => [name, { type: "boolean" } as const])), ...flags };
  try {
    const parsed = parseArgs({ args: [...args], options, strict: true, allowPositionals, tokens: true });
    refuseRepeated(parsed.tokens, options);
    return parsed;
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(explainArguments(cause, Object.keys(options)), { cause });
  }
}

type Tokens = readonly { readonly kind: string; readonly name?: string; readonly value?: string | undefined }[];

/** Throws `UsageError` on an option of one value that was given two: silently one of them would count. */
export function refuseRepeated(
  tokens: Tokens,
  options: Readonly<Record<string, { readonly type: string; readonly multiple?: boolean }>>,
): void {
  const first = new Map<string, string>();
  for (const { kind, name = "", value } of tokens) {
    if (kind !== "option" || value === undefined || options[name]?.multiple) continue;
    const before = first.get(name) ?? value;
    first.set(name, before);
    if (before === value) continue;
    const advice = name === "limit" ? `: several are written with a comma, --limit ${before},${value}` : "";
    throw new UsageError({
      message: `--${name}`,
      found: `"${before}" and "${value}"`,
      expected: `one value${advice}`,
    });
  }
}

/** Returns what an error of node's `parseArgs` means; `names` are the known options. */
export function explainArguments(cause: unknown, names: readonly string[]): Problem {
  const message = cause instanceof Error ? cause.message : String(cause);
  const said = (pattern: RegExp): string | undefined => pattern.exec(message)?.[1];
  const unknown = said(/^Unknown option '(-[^']*)'/);
  const options = names.map((name) => `--${name}`);
  if (unknown !== undefined)
    return {
      found: `the unknown option ${unknown}`,
      expected: "one that --help lists",
      hint: hintFor(unknown, options),
    };
  const word = said(/^Unexpected argument '(.*?)'/s);
  if (word !== undefined) return { found: `the word "${word}"`, expected: "options only (--help lists them)" };
  const flag = said(/^Option '(?:-\w, )?(--[\w-]+)/);
  if (flag === undefined) return { message: message.split("\n")[0] };
  if (/does not take an argument/.test(message)) return { message: flag, found: "a value", expected: "none" };
  const hint = /ambiguous/.test(message) ? `one that begins with "-" is written ${flag}=VALUE` : undefined;
  return { message: flag, found: "no value", expected: "one", hint };
}

function commaSeparated(values: readonly string[] | undefined): readonly string[] {
  return (values ?? []).flatMap((value) => value.split(",")).filter((tag) => tag !== "");
}

function rebuiltHost(text: string): [string, true | string] {
  const [host = "", fingerprint] = text.split(/=(.*)/s);
  if (fingerprint === undefined) return [host, true];
  // A machine has a key of each type, and shows one of them.
  if (!/^SHA256:[A-Za-z0-9+/]{43}=?(?:,SHA256:[A-Za-z0-9+/]{43}=?)*$/.test(fingerprint))
    throw new UsageError({
      message: "--rebuilt",
      found: `"${fingerprint}"`,
      expected: "HOST=SHA256:… as `ssh-keygen -l` prints it",
    });
  return [host, fingerprint];
}
