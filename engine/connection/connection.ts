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

/** How to run one command: what it reads, and how long it may take (no limit when absent). */
export interface ExecOptions {
  readonly stdin?: string | Buffer | Readable;
  readonly timeoutMs?: number;
}

/** An open way to one host, by SSH or local. */
export interface Connection {
  /** The host's name in the inventory. */
  readonly host: string;
  /**
   * Runs one command and returns how it ended, whatever its code. Throws `ConnectionError` when the connection is lost
   * or the deadline passes; the command may then still run on the host.
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

/** A host that cannot be reached, is not who it was, or went away; `hint` says what to do next. The message is one line. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  readonly failure: ConnectionFailure;
  readonly host: string;
  readonly hint: string | undefined;

  constructor(
    failure: ConnectionFailure,
    host: string,
    message: string,
    more: { readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    super(message.replaceAll(/\s+/g, " ").trim(), { cause: more.cause });
    this.failure = failure;
    this.host = host;
    this.hint = more.hint;
  }
}
