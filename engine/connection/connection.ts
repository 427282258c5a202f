import type { Readable } from "node:stream";

/** What a command left behind. Output is whole and untrimmed; a command that a signal ended has code 128 + signal number. */
export interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What went over a connection so far: commands, and bytes of commands, stdin and output (not of the SSH framing). */
export interface ConnectionStats {
  readonly execs: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** How to run one command: what it reads, how long it may take (no limit when absent), and how much it may print. */
export interface ExecOptions {
  readonly stdin?: string | Buffer | Readable;
  readonly timeoutMs?: number;
  /** Of stdout and stderr together; by default `MAX_OUTPUT_BYTES`. */
  readonly maxOutputBytes?: number | undefined;
  /** Hears stderr while it comes, byte by byte as Latin-1. */
  readonly onStderr?: ((text: string) => void) | undefined;
}

/** An open way to one host, by SSH or local. */
export interface Connection {
  /** The host's name in the inventory. */
  readonly host: string;
  /**
   * Runs one command and returns how it ended, whatever its code. Throws `ConnectionError` when the connection is lost
   * or the deadline passes; the command may then still run on the host. Throws `OutputError` when it prints too much.
   */
  exec(command: string, options?: ExecOptions): Promise<ExecResult>;
  readonly stats: ConnectionStats;
  /** Closes everything that was opened for this connection. May be called again; never throws, and waits 2 s at most. */
  close(): Promise<void>;
}

/** The reasons for which a host could not be reached or was left. */
export type ConnectionFailure =
  | "unreachable"
  | "timeout"
  | "refused"
  | "resolve"
  | "host-key-unknown"
  | "host-key-changed"
  | "host-key-revoked"
  | "auth"
  | "lost"
  | "config";

/** A host that cannot be reached, is not who it was, or went away; `hint` says what to do next. The message is one line and without `found` and `expected`. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  readonly failure: ConnectionFailure;
  readonly host: string;
  readonly hint: string | undefined;
  readonly found: string | undefined;
  readonly expected: string | undefined;

  constructor(failure: ConnectionFailure, host: string, message: string, more: ConnectionErrorDetails = {}) {
    super(message.replaceAll(/\s+/g, " ").trim(), { cause: more.cause });
    this.failure = failure;
    this.host = host;
    this.hint = more.hint;
    this.found = more.found;
    this.expected = more.expected;
  }
}

interface ConnectionErrorDetails {
  readonly hint?: string | undefined;
  readonly found?: string | undefined;
  readonly expected?: string | undefined;
  readonly cause?: unknown;
}

/** Where a connection goes, for messages. */
export interface Endpoint {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** Returns `name (address:port)`. */
export function describeEndpoint({ name, address, port }: Endpoint): string {
  return `${name} (${address.includes(":") ? `[${address}]` : address}:${port})`;
}

interface Explanation {
  readonly failure: ConnectionFailure;
  readonly text: string;
  readonly hint: string;
}

const UNREACHABLE: Explanation = {
  failure: "unreachable",
  text: "no route to the host",
  hint: "Check the address, the VPN or bastion, and the route from this machine.",
};

const RESOLVE: Explanation = {
  failure: "resolve",
  text: "the name does not resolve",
  hint: "Check the spelling of the address in the inventory, and DNS on this machine.",
};

const TIMEOUT: Explanation = {
  failure: "timeout",
  text: "no answer",
  hint: "Check that the machine is on, and that firewall and security group let this machine in.",
};

const BY_CODE: Readonly<Record<string, Explanation>> = {
  ECONNREFUSED: {
    failure: "refused",
    text: "connection refused",
    hint: "Check the port, and that sshd runs on the host.",
  },
  ENOTFOUND: RESOLVE,
  EAI_AGAIN: RESOLVE,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ETIMEDOUT: TIMEOUT,
};

/** Returns why a login did not come about, told from the error that ssh2 or the socket gave. */
export function connectFailure(endpoint: Endpoint, cause: unknown, complaint?: string): ConnectionError {
  if (cause instanceof ConnectionError) return cause;
  const { failure, text, hint } = explain(cause);
  const proxy = complaint === undefined ? "" : ` (the proxy says: ${complaint})`;
  return new ConnectionError(failure, endpoint.name, `${describeEndpoint(endpoint)}: ${text}${proxy}`, { hint, cause });
}

/** How a login went: the ways that were tried, those that could not be, and what the host would take. */
export interface AuthReport {
  readonly tried: readonly string[];
  readonly skipped: readonly string[];
  readonly accepted: readonly string[] | undefined;
}

/** Some hosts greet with a page of law. */
const MAX_BANNER_LENGTH = 200;

/** Returns the failure of a login that the host refused; `undefined` when the error is about something else. */
export function authFailure(
  endpoint: Endpoint,
  user: string,
  cause: unknown,
  report: AuthReport | undefined,
  banner = "",
): ConnectionError | undefined {
  const { code, level } = fieldsOf(cause);
  // A number is the reason of an SSH disconnect: after the sixth key sshd hangs up instead of refusing.
  // And where a key is fine but the account is not (expired, nologin(5)), it says so and closes.
  const isShown = banner !== "" && code === undefined && !(cause instanceof ConnectionError);
  const isLeft = typeof code === "number" || isShown;
  const isRefused = level === "client-authentication" || (isLeft && (report?.tried.length ?? 0) > 0);
  if (!report || !isRefused) return undefined;
  const tried = report.tried.length > 0 ? report.tried.join(", ") : "nothing";
  const skipped = report.skipped.length > 0 ? `; not tried: ${report.skipped.join(", ")}` : "";
  const accepted = report.accepted ? `; the host takes ${report.accepted.join(", ")}` : "";
  const words = banner.trim().replaceAll(/\s+/g, " ").slice(0, MAX_BANNER_LENGTH);
  const says = words === "" ? "" : `; the host says: ${words}`;
  const message = `${describeEndpoint(endpoint)}: login as ${user} refused; tried: ${tried}${skipped}${accepted}${says}`;
  const hint = isShown ? accountHint(user) : keyHint(user, report);
  return new ConnectionError("auth", endpoint.name, message, { hint, cause });
}

function accountHint(user: string): string {
  return `See what the host says: an account that has expired (chage -l ${user}), or logins that are closed (/etc/nologin).`;
}

function keyHint(user: string, { tried }: AuthReport): string {
  const hint = `Put a public key into ~${user}/.ssh/authorized_keys on the host, or name the right user and key in the inventory.`;
  if (!tried.some((label) => label.includes("-CERT "))) return hint;
  return `A certificate has to name ${user}, to be valid now, and to be signed by an authority in TrustedUserCAKeys of the host's sshd. ${hint}`;
}

/** Returns the failure of a connection that ended before the command did. */
export function lostFailure(endpoint: Endpoint, reason: Error | undefined): ConnectionError {
  const why = reason ? `: ${reason.message}` : "";
  const hint =
    "The command may still run on the host. Run again: what is done already stays. If it is lost at the same step each time, the host may lack memory: dmesg tells.";
  return new ConnectionError("lost", endpoint.name, `${describeEndpoint(endpoint)}: connection lost${why}`, {
    hint,
    cause: reason,
  });
}

/** Returns the failure of a command that took longer than it may. */
export function execTimeout(endpoint: Endpoint, timeoutMs: number): ConnectionError {
  const message = `${describeEndpoint(endpoint)}: the command did not end within ${timeoutMs / 1000} s`;
  return new ConnectionError("timeout", endpoint.name, message, { hint: "It may still run on the host." });
}

/** Returns the failure of a login that took longer than it may. */
export function connectTimeout(endpoint: Endpoint, timeoutMs: number): ConnectionError {
  const message = `${describeEndpoint(endpoint)}: no answer within ${timeoutMs / 1000} s`;
  return new ConnectionError("timeout", endpoint.name, message, { hint: TIMEOUT.hint });
}

function explain(cause: unknown): Explanation {
  const { code, level, message } = fieldsOf(cause);
  const known = typeof code === "string" ? BY_CODE[code] : undefined;
  if (known) return known;
  if (level === "handshake" && message.includes("no matching")) {
    const hint =
      "The host's sshd is too old or too strict for the SSH library; a ProxyCommand cannot help. Update sshd.";
    return { failure: "config", text: message, hint };
  }
  return {
    failure: "unreachable",
    text: `the SSH handshake broke off: ${message}`,
    hint: "The host may limit simultaneous logins (MaxStartups), ban this address, or not speak SSH on this port.",
  };
}

function fieldsOf(cause: unknown): { code: unknown; level: unknown; message: string } {
  if (!(cause instanceof Error)) return { code: undefined, level: undefined, message: String(cause) };
  const code = "code" in cause ? cause.code : undefined;
  const level = "level" in cause ? cause.level : undefined;
  return { code, level, message: cause.message };
}
