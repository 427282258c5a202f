import { findSourceMap } from "node:module";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type Mismatch, MismatchError } from "../format/mismatch.ts";

/** A line of code or of a template, or a file as a whole. */
export interface CodePlace {
  readonly file: string;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** What a role or a template asks for cannot be: the message begins with its line. */
export class PlacedError extends MismatchError {
  readonly place: CodePlace;

  constructor(place: CodePlace, mismatch: Mismatch, options?: ErrorOptions) {
    super(mismatch, options);
    this.message = `${formatCodePlace(place)}: ${this.message}`;
    this.place = place;
  }
}

/** `file:line:column`, or what of it is known. */
export function formatCodePlace({ file, line, column }: CodePlace): string {
  return [file, line, column].filter((part) => part !== undefined).join(":");
}

/** With source maps a stack frame has a path, without them a URL. */
const FRAME = /^(?!\s*at async )\s*at (?:.*\()?((?:file:\/\/)?\/[^()]+?)(?:\?[^:]*)?:(\d+):\d+\)?$/;
const ENGINE = fileURLToPath(new URL("..", import.meta.url));

/** The first frame of an error's stack that is neither ours nor a package's: errors name the role's line. */
export function placeOf({ stack = "" }: Error): CodePlace | undefined {
  for (const text of stack.split("\n")) {
    const [, script = "", line] = FRAME.exec(text) ?? [];
    const place = ofRole(script, Number(line));
    if (place) return place;
  }
  return undefined;
}

function ofRole(script: string, line: number): CodePlace | undefined {
  const path = script.startsWith("file:") ? fileURLToPath(script) : script;
  if (!path.startsWith("/") || path.startsWith(ENGINE) || path.includes("/node_modules/")) return undefined;
  return { file: relative(process.cwd(), path), line };
}

/** Where code runs: the script as it was loaded, which may not be the file that somebody wrote. */
interface Frame {
  readonly script: string;
  readonly line: number;
  readonly column: number;
}

/**
 * The role's line that called the caller of this. A run makes resources by the hundred and tells of few: what was loaded is
 * kept, and which line of which file that is, is found when somebody asks.
 */
export function callSite(): CodePlace {
  const frames = framesAbove(callSite);
  let found: CodePlace | undefined;
  const place = (): CodePlace => {
    found ??= roleAmong(frames) ?? { file: "engine" };
    return found;
  };
  return {
    get file() {
      return place().file;
    },
    get line() {
      return place().line;
    },
  };
}

function framesAbove(callee: () => unknown): readonly Frame[] {
  const { prepareStackTrace } = Error;
  const holder: { stack?: readonly NodeJS.CallSite[] } = {};
  Error.prepareStackTrace = (_error, sites) => sites;
  Error.captureStackTrace(holder, callee);
  const sites = holder.stack ?? [];
  Error.prepareStackTrace = prepareStackTrace;
  // The first is the caller.
  return sites.slice(1).map((site) => ({
    script: site.getFileName() ?? "",
    line: site.getLineNumber() ?? 0,
    column: site.getColumnNumber() ?? 0,
  }));
}

function roleAmong(frames: readonly Frame[]): CodePlace | undefined {
  for (const { script, line, column } of frames) {
    const entry = findSourceMap(script)?.findEntry(line - 1, column - 1);
    const isMapped = entry !== undefined && "originalSource" in entry;
    const place = isMapped ? ofRole(entry.originalSource, entry.originalLine + 1) : ofRole(script, line);
    if (place) return place;
  }
  return undefined;
}
