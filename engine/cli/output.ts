import { setMaxListeners } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname } from "node:path";
import { htmlReport } from "../report/html.ts";
import { jsonReport } from "../report/json.ts";
import { junitReport } from "../report/junit.ts";
import { messageReport } from "../report/message.ts";
import { textReport } from "../report/text.ts";
import type { Emit } from "../run/event.ts";
import { DeadlineError } from "../run/interrupt.ts";
import { type Options, UsageError } from "./options.ts";
import { isLive, outputOf, wantsColour } from "./streams.ts";

/** All that the command line asks to be told. */
export interface Reports {
  readonly emit: Emit;
  /** Completes what is being written; also after a run that an error ended. */
  end(): void;
}

/** Ctrl-C and its kin, as a run sees them. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** Lets signals do again what they did before. Ends this process where one came, with 128 and the signal's number. */
  end(): void;
}

/**
 * Opens the reports: text on stdout, or events there and the text on stderr, and JUnit and a page in files as asked. Throws
 * `UsageError` where the file cannot be written.
 */
export async function openReports(options: Options): Promise<Reports> {
  const files = reportFiles(options, options);
  const json = options.json ? jsonReport({ write: (text) => process.stdout.write(text) }) : undefined;
  const people = await textOrLive(options);
  return {
    emit(event) {
      json?.(event);
      for (const file of files) file.emit(event);
      people.emit(event);
    },
    end() {
      people.stop();
      for (const file of files) file.save();
    },
  };
}

/** A run that its deadline ended: hosts were left as when they fail. */
const OUT_OF_TIME = 2;

/**
 * Begins to listen for SIGINT and SIGTERM: the first ends the run once the changes that are under way are made, the second ends this process. A deadline in
 * seconds ends it likewise; 0 is none.
 */
export function interruption(deadlineSeconds: number): Interruption {
  const controller = new AbortController();
  // Every host listens: above ten Node would warn of a leak.
  setMaxListeners(0, controller.signal);
  let code: number | undefined;
  const late = (): void => {
    code ??= OUT_OF_TIME;
    controller.abort(new DeadlineError(`the deadline of ${deadlineSeconds} s passed`));
  };
  const timer = deadlineSeconds > 0 ? setTimeout(late, deadlineSeconds * 1000) : undefined;
  const listen = (name: "SIGINT" | "SIGTERM"): void => {
    if (code !== undefined) process.exit(code);
    code = 128 + constants.signals[name];
    process.stderr.write("Ends once the changes that are under way are made. Again: at once.\n");
    controller.abort();
  };
  process.on("SIGINT", listen).on("SIGTERM", listen);
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer);
      process.off("SIGINT", listen).off("SIGTERM", listen);
      // What was left to itself would keep the process.
      if (code !== undefined) process.exit(code);
    },
  };
}

async function textOrLive(options: Options): Promise<{ readonly emit: Emit; stop(): void }> {
  const { stdout, stderr, env } = process;
  const stream = options.json ? stderr : stdout;
  // Lines that move would run into events on the same terminal.
  const isShared = options.json && stdout.isTTY === true;
  if (isLive(stream, env) && !isShared) {
    const { liveReport } = await import("../report/live.ts");
    return liveReport(stream, { ...options, colour: wantsColour(stream, env) });
  }
  return { emit: textReport(outputOf(stream), options), stop: () => {} };
}

/** A report that is a file. */
export interface ReportFile {
  readonly emit: Emit;
  save(): void;
}

/** The reports that are files, each of which is there at once. Throws `UsageError` where one cannot be written. */
export function reportFiles(
  { junit, report, message }: Pick<Options, "junit" | "report" | "message">,
  options: Pick<Options, "failOnChanges">,
): readonly ReportFile[] {
  const { emit: toJunit, xml } = junitReport(options);
  const { emit: toPage, html } = htmlReport();
  const { emit: toMessage, text } = messageReport();
  return [
    ...(junit === undefined ? [] : [reportFile("--junit", junit, toJunit, xml)]),
    ...(report === undefined ? [] : [reportFile("--report", report, toPage, html)]),
    ...(message === undefined ? [] : [reportFile("--message", message, toMessage, text)]),
  ];
}

function reportFile(flag: string, path: string, emit: Emit, text: () => string): ReportFile {
  const save = (): void => writeFileSync(path, text());
  try {
    mkdirSync(dirname(path), { recursive: true });
    // Written before the run as well: a file of an earlier run must not be taken for this one's.
    save();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/, .*/s, "") : String(cause);
    throw new UsageError(
      { message: flag, found: `${path} (${reason})`, expected: "a file that can be written" },
      { cause },
    );
  }
  return { emit, save };
}
