import { randomBytes } from "node:crypto";
import type { Connection, ConnectionStats } from "../connection/connection.ts";
import { type Facts, factsProbe, parseFacts } from "../facts/facts.ts";
import { FrameError, type FrameOptions, frame, remarks, type Section, unframe } from "../shell/frame.ts";
import type { Script } from "../shell/sh.ts";

/** Seconds-long work has to answer within this; package installations on slow hosts take minutes. */
const PROBE_TIMEOUT_MS = 300_000;
const APPLY_TIMEOUT_MS = 3_600_000;

/** What one exec of a session gave. */
export interface Answer {
  readonly sections: readonly Section[];
  readonly remarks: ReadonlyMap<string, string>;
}

/** A host that does not let us work: no root, no shell. `hint` says what to do. */
export class SessionError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}

/** An open connection and the way to become root on it. Every call is one exec. */
export interface Session {
  readonly facts: Facts;
  readonly stats: ConnectionStats;
  /** Runs read-only sections. */
  probe(sections: readonly Script[]): Promise<Answer>;
  /** Runs sections until one fails, after the prelude that `prelude` makes for this exec's nonce. */
  apply(sections: readonly Script[], prelude: (nonce: string) => Script): Promise<Answer>;
  close(): Promise<void>;
}

// `sudo -n` is asked first, so that no password prompt can ever read the script.
const FIRST_COMMAND =
  "sh -c 'if [ \"$(id -u)\" = 0 ]; then exec sh -s; elif sudo -n true; then exec sudo -n sh -s; else exit 77; fi'";
const REFUSED = 77;

/** Opens a session: the first exec becomes root (unless told not to) and gathers the facts. Throws `SessionError` where that is refused. */
export async function openSession(connection: Connection, { become = true } = {}): Promise<Session> {
  const opening = become ? FIRST_COMMAND : "sh -s";
  const [first] = (await runFramed(connection, opening, [factsProbe], PROBE_TIMEOUT_MS)).sections;
  if (first?.status !== 0) throw new SessionError(`cannot gather facts: ${first?.stderr || "no answer"}`);
  const facts = parseFacts(first.stdout);
  const command = become && facts.becomes ? "sudo -n sh -s" : "sh -s";
  return {
    facts,
    get stats() {
      return connection.stats;
    },
    probe: (sections) => runFramed(connection, command, sections, PROBE_TIMEOUT_MS),
    apply: (sections, prelude) =>
      runFramed(connection, command, sections, APPLY_TIMEOUT_MS, (nonce) => ({
        stopAtFailure: true,
        prelude: prelude(nonce),
      })),
    close: () => connection.close(),
  };
}

async function runFramed(
  connection: Connection,
  command: string,
  sections: readonly Script[],
  timeoutMs: number,
  options: (nonce: string) => FrameOptions = () => ({}),
): Promise<Answer> {
  const nonce = randomBytes(12).toString("hex");
  const stdin = `${frame(sections, nonce, options(nonce)).text}\n`;
  const result = await connection.exec(command, { stdin, timeoutMs });
  if (result.code === REFUSED) {
    throw new SessionError(
      "cannot become root: sudo wants a password",
      "allow passwordless sudo for this user (NOPASSWD in sudoers), or log in as root",
    );
  }
  try {
    return { sections: unframe(result, nonce), remarks: remarks(result.stdout, nonce) };
  } catch (cause) {
    if (!(cause instanceof FrameError)) throw cause;
    const last = result.stderr.trim().split("\n").slice(-5).join("; ");
    throw new SessionError(
      `the host's shell did not finish (exit ${result.code}): ${last || "no message"}`,
      undefined,
      { cause },
    );
  }
}
