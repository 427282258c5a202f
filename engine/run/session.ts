import { randomBytes } from "node:crypto";
import type { Connection, ConnectionStats, ExecResult } from "../connection/connection.ts";
import { type Facts, factsProbe, parseFacts } from "../facts/facts.ts";
import { FrameError, type FrameOptions, frame, remarks, type Section, unframe } from "../shell/frame.ts";
import { reveal, type Text } from "../shell/secret.ts";
import { type Script, sh } from "../shell/sh.ts";

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
  /** Exit code of the command that should have become root. */
  readonly code: number | undefined;

  constructor(
    message: string,
    more: { readonly hint?: string; readonly code?: number; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.hint = more.hint;
    this.code = more.code;
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

/** How a session is opened. */
export interface SessionOptions {
  /** Become root; true unless given. */
  readonly become?: boolean;
  /** Given to sudo where it asks for one. */
  readonly password?: Text | undefined;
}

// Whether a password is wanted is asked first, so that no prompt can ever read the script.
const BECOME =
  "sh -c 'if [ \"$(id -u)\" = 0 ]; then exec sh -s; elif sudo -n sh -c : 2>/dev/null; then exec sudo -n sh -s; elif doas -n sh -c : 2>/dev/null; then exec doas -n sh -s; elif command -v sudo >/dev/null; then exit 77; else exit 78; fi'";
const WANTS_PASSWORD = 77;
const CANNOT_BECOME = 78;

/** Command that becomes root with the password on stdin. `-k`: sudo asks although it may remember. */
const byPassword = (script: string): string => sh`sudo -k -S -p '' sh -c ${script}`.text;

// Where sudo did not ask after all, the password is still there: no shell may take it, or what follows, for a command.
const SCRIPT_BEGINS = "hostwright: here the script begins";
const BECOME_BY_PASSWORD = byPassword(
  `while IFS= read -r line; do [ "$line" != "${SCRIPT_BEGINS}" ] || exec sh -s; done; exit 1`,
);

/** A command, and what its stdin begins with. */
interface Opening {
  readonly command: string;
  readonly before?: string;
}

/** Opens a session: the first exec becomes root (unless told not to) and gathers the facts. Throws `SessionError` where that is refused. */
export async function openSession(connection: Connection, options: SessionOptions = {}): Promise<Session> {
  const { opening, facts } = await begin(connection, options);
  return {
    facts,
    get stats() {
      return connection.stats;
    },
    probe: (sections) => runFramed(connection, opening, sections, PROBE_TIMEOUT_MS),
    apply: (sections, prelude) =>
      runFramed(connection, opening, sections, APPLY_TIMEOUT_MS, (nonce) => ({
        stopAtFailure: true,
        prelude: prelude(nonce),
      })),
    close: () => connection.close(),
  };
}

async function begin(
  connection: Connection,
  { become = true, password }: SessionOptions,
): Promise<{ opening: Opening; facts: Facts }> {
  if (!become) return { opening: { command: "sh -s" }, facts: await gatherFacts(connection, { command: "sh -s" }) };
  try {
    const facts = await gatherFacts(connection, { command: BECOME });
    return { opening: { command: ROOT_COMMANDS[facts.becomeBy] }, facts };
  } catch (error) {
    if (!(error instanceof SessionError && error.code === WANTS_PASSWORD && password !== undefined)) throw error;
    const facts = await factsByPassword(connection, `${reveal(password)}\n`);
    return { opening: { command: BECOME_BY_PASSWORD, before: `${reveal(password)}\n${SCRIPT_BEGINS}\n` }, facts };
  }
}

const ROOT_COMMANDS = { nothing: "sh -s", sudo: "sudo -n sh -s", doas: "doas -n sh -s" } as const;

async function gatherFacts(connection: Connection, opening: Opening): Promise<Facts> {
  return factsIn(await runFramed(connection, opening, [factsProbe], PROBE_TIMEOUT_MS));
}

// The script goes as an argument, where no secret may be: so a wrong password is all that sudo can read. It would take
// two lines more for its second and third try, and a host that counts would lock the user out.
async function factsByPassword(connection: Connection, password: string): Promise<Facts> {
  const nonce = randomBytes(12).toString("hex");
  const command = byPassword(frame([factsProbe], nonce).text);
  const result = await connection.exec(command, { stdin: password, timeoutMs: PROBE_TIMEOUT_MS });
  try {
    return factsIn({ sections: unframe(result, nonce), remarks: new Map() });
  } catch (cause) {
    if (!(cause instanceof FrameError)) throw cause;
    const { code, stderr } = result;
    throw new SessionError(`cannot become root: sudo refuses the password or the user (${lastLines(stderr, 1)})`, {
      code,
      hint: "correct ansible_become_password, or the answer to -K, and see what sudoers allows this user",
      cause,
    });
  }
}

function factsIn({ sections: [section] }: Answer): Facts {
  if (section?.status !== 0) throw new SessionError(`cannot gather facts: ${section?.stderr || "no answer"}`);
  return parseFacts(section.stdout);
}

async function runFramed(
  connection: Connection,
  { command, before = "" }: Opening,
  sections: readonly Script[],
  timeoutMs: number,
  options: (nonce: string) => FrameOptions = () => ({}),
): Promise<Answer> {
  const nonce = randomBytes(12).toString("hex");
  const stdin = `${before}${frame(sections, nonce, options(nonce)).text}\n`;
  const result = await connection.exec(command, { stdin, timeoutMs });
  try {
    return { sections: unframe(result, nonce), remarks: remarks(result.stdout, nonce) };
  } catch (cause) {
    if (!(cause instanceof FrameError)) throw cause;
    throw sessionError(result, cause);
  }
}

/** What the shell that did not answer left behind. */
function sessionError({ code, stderr }: ExecResult, cause: Error): SessionError {
  if (code === WANTS_PASSWORD) {
    return new SessionError("cannot become root: sudo wants a password", {
      code,
      hint: "give -K to be asked for it, or allow this user NOPASSWD in sudoers",
    });
  }
  if (code === CANNOT_BECOME) {
    return new SessionError("cannot become root: neither sudo nor doas lets this user", {
      code,
      hint: "log in as root, or install sudo",
    });
  }
  return new SessionError(`the host's shell did not finish (exit ${code}): ${lastLines(stderr, 5)}`, { code, cause });
}

function lastLines(stderr: string, count: number): string {
  return stderr.trim().split("\n").slice(-count).join("; ") || "no message";
}
