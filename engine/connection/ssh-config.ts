import { execFile } from "node:child_process";
import { homedir, userInfo } from "node:os";
import { promisify } from "node:util";
import { ConnectionError } from "./connection.ts";

const run = promisify(execFile);

/** What is asked about one host: what the inventory says of it, and a config file other than the user's own. */
export interface SshQuestion {
  readonly name: string;
  readonly address: string;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly key?: string | undefined;
  readonly configFile?: string | undefined;
  /** Further arguments of `ssh`, one line of words as in `ansible_ssh_common_args`: `-o ProxyJump=bastion`. */
  readonly sshArgs?: string | undefined;
}

/** The effective OpenSSH settings of one host. Paths are absolute; a file need not exist. */
export interface SshConfig {
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  /** In the order to try: the inventory's key first. */
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** Of CertificateFile; beside a key, `KEY-cert.pub` counts as well. */
  readonly certificateFiles: readonly string[];
  /** A socket path, `undefined` for what SSH_AUTH_SOCK says, or `none`. */
  readonly identityAgent: string | undefined;
  /** Hops in the order of travel. */
  readonly proxyJump: readonly string[];
  readonly proxyCommand: string | undefined;
  readonly knownHostsFiles: readonly string[];
  readonly hostKeyAlias: string | undefined;
  /** In the order of preference; `undefined` where ssh does not say. */
  readonly hostKeyAlgorithms: readonly string[] | undefined;
  /** StrictHostKeyChecking: a key that nobody knows may be pinned, or is to be taken whatever it is. Strict otherwise. */
  readonly unknownHostKeys: "pin" | "ignore" | undefined;
  /** `undefined` where the configuration asks for none. */
  readonly keepaliveMs: number;
  readonly keepaliveCount: number | undefined;
  /** Compression: of use where the way is slow. */
  readonly compress: boolean;
}

/** Returns what `ssh` itself would do for this host; the inventory's port, user and key win. Throws `ConnectionError` on a config that ssh refuses. */
export async function sshConfig(question: SshQuestion): Promise<SshConfig> {
  return parseSshConfig(await askSsh(question), question);
}

async function askSsh(question: SshQuestion): Promise<string> {
  const { name, address, port, user, key, configFile, sshArgs } = question;
  const flags = { "-F": configFile, "-p": port?.toString(), "-l": user, "-i": key };
  const stated = Object.entries(flags).flatMap(([flag, value]) => (value === undefined ? [] : [flag, value]));
  // ssh takes the first of two values: what the inventory states comes before further arguments.
  const argv = [...stated, ...splitWords(sshArgs ?? "")];
  try {
    return (await run("ssh", [...argv, "-G", "--", address], { timeout: 10_000 })).stdout;
  } catch (cause) {
    // Without OpenSSH on this machine its defaults still hold.
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return "";
    const why = cause instanceof Error && "stderr" in cause ? complaint(String(cause.stderr)) : String(cause);
    throw new ConnectionError("config", name, `${name}: ssh -G refuses the configuration for ${address}: ${why}`, {
      hint: `run: ssh ${[...argv, "-G", address].join(" ")}`,
      cause,
    });
  }
}

// The last line only counts what the lines before it tell.
function complaint(stderr: string): string | undefined {
  const lines = stderr.trim().split("\n");
  return lines.findLast((line) => !/: terminating, \d+ bad/.test(line)) ?? lines.at(-1);
}

/** Returns the settings in what `ssh -G` printed, or OpenSSH's defaults where it says nothing. Pure but for the home directory. */
export function parseSshConfig(text: string, question: SshQuestion): SshConfig {
  const lines = text.split("\n");
  const all = (word: string): string[] =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  const one = (word: string): string | undefined => all(word).find((value) => value !== "none");

  const hostname = one("hostname") ?? question.address;
  const port = question.port ?? Number(one("port") ?? 22);
  const user = question.user ?? one("user") ?? userInfo().username;
  const path = (value: string): string =>
    expandPath(value, { h: hostname, p: String(port), r: user, n: question.address });
  const files = text === "" ? DEFAULT_IDENTITIES : all("identityfile").filter((file) => file !== "none");
  const agent = all("identityagent")[0];
  return {
    hostname,
    port,
    user,
    identityFiles: [...new Set([...(question.key ? [question.key] : []), ...files.map(path)])],
    identitiesOnly: one("identitiesonly") === "yes",
    certificateFiles: all("certificatefile").map(path),
    identityAgent: agent === undefined || agent === "SSH_AUTH_SOCK" ? undefined : path(agent),
    proxyJump: one("proxyjump")?.split(",") ?? [],
    proxyCommand: one("proxycommand"),
    knownHostsFiles: knownHostsFiles(text, one).map(path),
    hostKeyAlias: one("hostkeyalias"),
    hostKeyAlgorithms: one("hostkeyalgorithms")?.split(","),
    unknownHostKeys: UNKNOWN_HOST_KEYS[one("stricthostkeychecking") ?? ""],
    keepaliveMs: (Number(one("serveraliveinterval") ?? 0) || KEEPALIVE_SECONDS) * 1000,
    keepaliveCount: Number(one("serveralivecountmax") ?? 0) || undefined,
    compress: one("compression") === "yes",
  };
}

/** Where ssh_config asks for none: a machine that lost its power says no word, and TCP alone would wait for a quarter of an hour. */
const KEEPALIVE_SECONDS = 15;

// As ssh -G spells "no" and "off"; "ask" is strict here, since nobody may be there to ask.
const UNKNOWN_HOST_KEYS: Readonly<Record<string, SshConfig["unknownHostKeys"]>> = {
  "accept-new": "pin",
  false: "ignore",
};

const DEFAULT_IDENTITIES = ["~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ed25519"];

function knownHostsFiles(text: string, one: (word: string) => string | undefined): string[] {
  if (text === "") return ["~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts"];
  // ssh -G prints several files with spaces between and none escaped; each starts with "/" or "~".
  return ["userknownhostsfile", "globalknownhostsfile"].flatMap((word) => one(word)?.split(/ (?=[/~])/) ?? []);
}

/** Returns the text with OpenSSH's `%h %p %r %n %%` replaced; other tokens stay as they are. */
export function expandTokens(text: string, tokens: Readonly<Record<string, string>>): string {
  return text.replaceAll(/%(.)/g, (whole, letter: string) => (letter === "%" ? "%" : (tokens[letter] ?? whole)));
}

function expandPath(path: string, tokens: Readonly<Record<string, string>>): string {
  const expanded = expandTokens(path, { ...tokens, d: homedir(), u: userInfo().username });
  return expanded === "~" || expanded.startsWith("~/") ? homedir() + expanded.slice(1) : expanded;
}

/** Returns the parts of a jump host, `[user@]host[:port]` or `ssh://…`, with IPv6 addresses in brackets; `undefined` for anything else. */
export function parseHop(text: string): Pick<SshQuestion, "address" | "port" | "user"> | undefined {
  const match = /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[(.+)\]|([^:@]+))(?::(\d+))?\/?$/.exec(text.trim());
  const address = match?.[2] ?? match?.[3];
  if (!match || address === undefined) return undefined;
  return { address, user: match[1], port: match[4] === undefined ? undefined : Number(match[4]) };
}

/** Returns the arguments that `ssh` hands down to the jump hosts of a ProxyJump: `-F` with its file, and nothing else. */
export function argsForHops(sshArgs: string | undefined): string | undefined {
  const words = splitWords(sshArgs ?? "");
  const at = words.findIndex((word) => word.startsWith("-F"));
  const file = words[at] === "-F" ? words[at + 1] : words[at]?.slice(2);
  return file === undefined ? undefined : `-F '${file.replaceAll("'", `'\\''`)}'`;
}

/** Returns the words of a line; quotes and backslashes hold a word together, as in a shell. */
export function splitWords(line: string): readonly string[] {
  const words = line.match(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/g) ?? [];
  return words.map((word) =>
    word.replaceAll(
      /"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g,
      (_, double?: string, single?: string, escaped?: string) =>
        double?.replaceAll(/\\(["\\$`])/g, "$1") ?? single ?? escaped ?? "",
    ),
  );
}
