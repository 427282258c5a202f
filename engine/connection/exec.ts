import { constants } from "node:os";
import { type Duplex, Readable, type Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import {
  ConnectionError,
  describeEndpoint,
  type Endpoint,
  type ExecOptions,
  type ExecResult,
  execTimeout,
  lostFailure,
} from "./connection.ts";
import { within } from "./limit.ts";
import { collect, OutputError } from "./output.ts";
import type { Traffic } from "./traffic.ts";

/**
 * Writes the input and ends it. Nothing waits for the writes: a command may end without reading, and then the other side
 * never confirms them. `failed` hears of an input that cannot be read.
 */
export function feed(
  stdin: Writable,
  input: ExecOptions["stdin"],
  count: Traffic,
  failed: (error: Error) => void,
): void {
  if (!(input instanceof Readable)) {
    const whole = Buffer.from(input ?? "");
    count.sent(whole);
    stdin.end(whole);
    return;
  }
  input.on("data", (chunk: Buffer | string) => count.sent(Buffer.from(chunk)));
  input.on("error", failed);
  input.pipe(stdin);
  // What nobody reads any more must not keep its file open.
  stdin.on("close", () => input.destroy());
}

/** Returns the shell's code for a command that a signal ended: 128 + its number, or 128 for a signal unknown here. */
export function codeOfSignal(signal: string): number {
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return 128 + (numbers[signal] ?? 0);
}

/** A channel as ssh2 gives it. */
export interface ExecChannel extends Duplex {
  readonly stderr: Readable;
  signal(name: string): void;
  close(): void;
}

/** A login over which commands run. */
export interface ExecLink {
  /**
   * Asks for a channel that runs the command, and returns what `start` makes of it. `start` is called at once: the code of
   * a short command may come in the same packet, and nobody would hear it. Throws when the login is over, or the host says no.
   */
  open<T>(command: string, start: (channel: ExecChannel) => T): Promise<T>;
  /** True once nothing can arrive any more. */
  isOver(): boolean;
  /** Why it ended, if the library said. */
  reason(): Error | undefined;
}

/** A login, and where it leads. */
export interface ExecRoute {
  readonly endpoint: Endpoint;
  readonly login: ExecLink;
}

/** Runs one command over a login; see `Connection.exec`. */
export async function execOver(
  route: ExecRoute,
  command: string,
  options: ExecOptions,
  count: Traffic,
): Promise<ExecResult> {
  const { timeoutMs } = options;
  let channel: ExecChannel | undefined;
  let isLate = false;
  const late = (): ConnectionError => {
    isLate = true;
    if (channel) stop(channel);
    return execTimeout(route.endpoint, timeoutMs ?? 0);
  };
  // In an object: awaiting the channel must not await its end as well.
  const start = (opened: ExecChannel): { done: Promise<ExecResult> } => {
    channel = opened;
    if (isLate) stop(opened);
    return { done: outcome(route, opened, options, count) };
  };
  count.exec(command);
  return within(timeoutMs, late, async () => {
    const { done } = await openPatiently(
      route,
      () => route.login.open(command, start),
      () => isLate,
    );
    return done;
  });
}

// OpenSSH passes the signal on, but not when root is logged in: nobody may rely on it.
function stop(channel: ExecChannel): void {
  channel.signal("TERM");
  channel.close();
}

// Reason 2 of RFC 4254, "connect failed": sshd says so while it still counts a session that has just ended.
const OPEN_FAILED = 2;
const OPEN_RETRY_MS = [50, 200, 800];

async function openPatiently<T>(route: ExecRoute, open: () => Promise<T>, isLate: () => boolean): Promise<T> {
  for (const waitMs of OPEN_RETRY_MS) {
    try {
      return await open();
    } catch (cause) {
      const isFull = cause instanceof Error && "reason" in cause && cause.reason === OPEN_FAILED;
      // A command whose deadline has passed must not start after all.
      if (!isFull || isLate() || route.login.isOver()) throw refusedExec(route, cause);
    }
    await delay(waitMs);
  }
  return open().catch((cause) => {
    throw refusedExec(route, cause);
  });
}

function refusedExec({ endpoint, login }: ExecRoute, cause: unknown): ConnectionError {
  if (login.isOver()) return lostFailure(endpoint, login.reason());
  const message = `${describeEndpoint(endpoint)}: the host refuses to run a command: ${cause}`;
  return new ConnectionError("lost", endpoint.name, message, {
    cause,
    hint: "Look at ForceCommand in its sshd_config, at MaxSessions, which has to be at least 2, and whether it may start more processes for this user (ulimit -u).",
  });
}

function outcome(
  route: ExecRoute,
  channel: ExecChannel,
  { stdin, maxOutputBytes, onStderr }: ExecOptions,
  count: Traffic,
): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const output = collect(
      { stdout: channel, stderr: channel.stderr },
      {
        count,
        maxOutputBytes,
        onStderr,
        over(maxBytes) {
          stop(channel);
          reject(new OutputError(describeEndpoint(route.endpoint), maxBytes));
        },
      },
    );
    let code: number | null = null;
    channel.on("exit", (status: number | null, signal?: string) => {
      code = status ?? (signal === undefined ? null : codeOfSignal(signal));
    });
    channel.on("close", () => {
      // Without a code, or with the login gone, output may be missing: node-ssh would call that a result.
      if (code === null || route.login.isOver()) reject(lostFailure(route.endpoint, route.login.reason()));
      else resolve({ code, ...output() });
    });
    channel.on("error", reject);
    feed(channel, stdin, count, (error) => {
      channel.close();
      reject(error);
    });
  });
}
