import { randomBytes } from "node:crypto";
import { PassThrough } from "node:stream";
import type { Connection, ConnectionStats, ExecOptions, ExecResult } from "../connection/connection.ts";
import { OutputError } from "../connection/output.ts";
import { type Facts, factsProbe, parseFacts } from "../facts/facts.ts";
import {
  FrameError,
  type FrameOptions,
  frame,
  remarkListener,
  remarks,
  type Section,
  unframe,
  waitListener,
} from "../shell/frame.ts";
import { reveal, type Text } from "../shell/secret.ts";
import type { Script } from "../shell/sh.ts";
import {
  FIRST,
  FIRST_AS_ROOT,
  ROOT_BY_PASSWORD,
  ROOT_COMMANDS,
  rootByPassword,
  SCRIPT_BEGINS,
  STARTED,
} from "./become.ts";
import { firstError, hintFor, passwordError, startFlood, startTimeout, wantsPassword } from "./refusal.ts";
import { SessionError } from "./session-error.ts";

export { SessionError } from "./session-error.ts";

/** Who only looks has to answer within this, also under an emulator; package installations on slow hosts take minutes. */
const PROBE_TIMEOUT_MS = 120_000;
const PROBE = { timeoutMs: PROBE_TIMEOUT_MS };
const APPLY_TIMEOUT_MS = 3_600_000;

/** A login shell runs its start-up files before our command; none that does no harm takes this long. */
const START_TIMEOUT_MS = 30_000;

/** What one exec of a session gave. */
export interface Answer {
  readonly sections: readonly Section[];
  readonly remarks: ReadonlyMap<string, string>;
}

/** An open connection and the way to become root on it. Every call is one exec. */
export interface Session {
  readonly facts: Facts;
  /** What `ahead` was answered; none where the host had to be asked for a password first. */
  readonly ahead: readonly Section[];
  readonly stats: ConnectionStats;
  /** Runs read-only sections, each in a shell of its own. */
  probe(sections: readonly Script[]): Promise<Answer>;
  /** Runs sections of which each leaves the shell as it was, in one. */
  look(sections: readonly Script[]): Promise<Answer>;
  /** Runs sections until one fails. */
  apply(sections: readonly Script[], how: Applying): Promise<Answer>;
  /** Starts a script that stays on the host and hears lines of ours; its remarks, on stderr, are told while it runs. */
  stay(script: (nonce: string) => Script, heard: (word: string, text: string) => void): Staying;
  close(): Promise<void>;
}

/** How sections run that change a host. */
export interface Applying {
  /** Runs before them; made for this exec's nonce. */
  prelude(nonce: string): Script;
  /** Fails between two sections where no more are to run. */
  readonly goesOn?: Script | undefined;
  /** Hears what a section waits for, while it does. */
  waiting(what: string): void;
}

/** A script that stays on a host. */
export interface Staying {
  send(line: string): void;
  /** Throws what an exec throws. */
  readonly ended: Promise<Answer>;
}

/** How a session is opened. */
export interface SessionOptions {
  /** Become root; true unless given. */
  readonly become?: boolean;
  /** Given to sudo where it asks for one. */
  readonly password?: Text | undefined;
  /** Folders whose disks are facts. */
  readonly measures?: readonly string[];
  /** What to look at with the facts. */
  readonly ahead?: readonly Script[];
  /** How long the login shell may take to run the first command. */
  readonly startTimeoutMs?: number;
}

/** A command, and what its stdin begins with. */
interface Opening {
  readonly command: string;
  readonly before?: string;
}

/** Opens a session: the first exec becomes root (unless told not to), gathers the facts and looks ahead. Throws `SessionError` where that is refused. */
export async function openSession(connection: Connection, options: SessionOptions = {}): Promise<Session> {
  const { opening, facts, ahead } = await begin(connection, options);
  return {
    facts,
    ahead,
    get stats() {
      return connection.stats;
    },
    probe: (sections) => runFramed(connection, opening, sections, PROBE),
    look: (sections) => runFramed(connection, opening, sections, PROBE, () => ({ together: true })),
    apply: (sections, { prelude, goesOn, waiting }) =>
      runFramed(
        connection,
        opening,
        sections,
        { timeoutMs: APPLY_TIMEOUT_MS, onStderr: waitListener(waiting) },
        (nonce) => ({ stopAtFailure: true, ...(goesOn && { while: goesOn }), prelude: prelude(nonce) }),
      ),
    stay: (script, heard) => stay(connection, opening, script, heard),
    close: () => connection.close(),
  };
}

async function begin(
  connection: Connection,
  { become = true, password, measures = [], ahead = [], startTimeoutMs = START_TIMEOUT_MS }: SessionOptions,
): Promise<{ opening: Opening; facts: Facts; ahead: readonly Section[] }> {
  const nonce = randomBytes(12).toString("hex");
  const first = become ? FIRST_AS_ROOT : FIRST;
  const probe = factsProbe(measures);
  const stdin = `${SCRIPT_BEGINS}\n${frame([probe, ...ahead], nonce, { together: true }).text}\n`;
  const result = await started(startTimeoutMs, (onStderr) =>
    connection.exec(first, { stdin, timeoutMs: PROBE_TIMEOUT_MS, onStderr }),
  );
  if (become && password !== undefined && wantsPassword(result)) {
    const facts = await factsByPassword(connection, probe, `${reveal(password)}\n`, result);
    return {
      opening: { command: ROOT_BY_PASSWORD, before: `${reveal(password)}\n${SCRIPT_BEGINS}\n` },
      facts,
      ahead: [],
    };
  }
  const answer = answerIn(result, nonce, (cause) => firstError(result) ?? shellError(result, cause));
  const facts = factsIn(answer);
  const command = become ? ROOT_COMMANDS[facts.becomeBy] : "sh -s";
  return { opening: { command }, facts, ahead: answer.sections.slice(1) };
}

/** Runs the first command; throws when the login shell has not started it in time. */
function started(
  timeoutMs: number,
  run: (onStderr: (text: string) => void) => Promise<ExecResult>,
): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(startTimeout(timeoutMs)), timeoutMs);
    let heard = "";
    const onStderr = (text: string): void => {
      // It may come in two pieces.
      heard = (heard + text).slice(-(text.length + STARTED.length));
      if (heard.includes(STARTED)) clearTimeout(timer);
    };
    run(onStderr)
      .finally(() => clearTimeout(timer))
      .then(resolve, (error: unknown) =>
        reject(error instanceof OutputError && !heard.includes(STARTED) ? startFlood(error) : error),
      );
  });
}

// The script goes as an argument, where no secret may be: so a wrong password is all that sudo can read. It would take
// two lines more for its second and third try, and a host that counts would lock the user out.
async function factsByPassword(
  connection: Connection,
  probe: Script,
  password: string,
  first: ExecResult,
): Promise<Facts> {
  const nonce = randomBytes(12).toString("hex");
  const command = rootByPassword(frame([probe], nonce).text);
  const result = await connection.exec(command, { stdin: password, timeoutMs: PROBE_TIMEOUT_MS });
  return factsIn(answerIn(result, nonce, (cause) => passwordError(result, first, cause)));
}

function factsIn({ sections: [section] }: Answer): Facts {
  if (section?.status !== 0) throw new SessionError(`cannot gather facts: ${section?.stderr || "no answer"}`);
  return parseFacts(section.stdout);
}

async function runFramed(
  connection: Connection,
  { command, before = "" }: Opening,
  sections: readonly Script[],
  exec: Pick<ExecOptions, "timeoutMs" | "onStderr">,
  options: (nonce: string) => FrameOptions = () => ({}),
): Promise<Answer> {
  const nonce = randomBytes(12).toString("hex");
  const stdin = `${before}${frame(sections, nonce, options(nonce)).text}\n`;
  const result = await connection.exec(command, { stdin, ...exec });
  return answerIn(result, nonce, (cause) => shellError(result, cause));
}

function stay(
  connection: Connection,
  { command, before = "" }: Opening,
  script: (nonce: string) => Script,
  heard: (word: string, text: string) => void,
): Staying {
  const nonce = randomBytes(12).toString("hex");
  const stdin = new PassThrough();
  stdin.write(`${before}${frame([], nonce, { prelude: script(nonce) }).text}\n`);
  const ended = connection
    .exec(command, { stdin, onStderr: remarkListener(nonce, heard) })
    .then((result) => answerIn(result, nonce, (cause) => shellError(result, cause)));
  return { ended, send: (line) => stdin.write(`${line}\n`) };
}

function answerIn(result: ExecResult, nonce: string, failed: (cause: Error) => SessionError): Answer {
  try {
    return { sections: unframe(result, nonce), remarks: remarks(result.stdout, nonce) };
  } catch (cause) {
    if (!(cause instanceof FrameError)) throw cause;
    throw failed(cause);
  }
}

/** What the shell that did not come to its end left behind. */
function shellError({ code, stderr }: ExecResult, cause: Error): SessionError {
  const words = stderr.split("\n").filter((line) => line.trim() !== "" && line !== STARTED);
  const last = words.slice(-5).join("; ") || "no message";
  const hint = hintFor(stderr);
  return new SessionError(`the host's shell did not finish (exit ${code}): ${last}`, {
    code,
    cause,
    ...(hint !== undefined && { hint }),
  });
}
