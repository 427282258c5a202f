import type { Env } from "../inventory/env.ts";
import type { Output } from "../report/terminal.ts";

/** Where people read what is no answer: warnings, errors, and a report when events have stdout. */
export function stderr(): Output {
  return outputOf(process.stderr);
}

/** A stream to write to, with colours where it has them. */
export function outputOf(stream: NodeJS.WriteStream): Output {
  return { colour: wantsColour(stream, process.env), write: (text: string) => stream.write(text) };
}

/** Whether a stream gets colours: FORCE_COLOR decides, then NO_COLOR, then whether it is a terminal. */
export function wantsColour({ isTTY }: { readonly isTTY?: boolean }, { FORCE_COLOR, NO_COLOR, TERM }: Env): boolean {
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return isTTY === true && !NO_COLOR && TERM !== "dumb";
}

/** Whether a stream can show lines that move: a terminal, and nobody's log. */
export function isLive({ isTTY }: { readonly isTTY?: boolean }, { CI, TERM }: Env): boolean {
  return isTTY === true && TERM !== "dumb" && (!CI || CI === "false" || CI === "0");
}

/** A reader that went away (`| head`, a closed terminal) is no error: what it does not read is dropped, and the run goes on. */
export function allowClosedOutput(): void {
  const isClosed = ({ code = "" }: NodeJS.ErrnoException) => ["EPIPE", "EIO", "ERR_STREAM_DESTROYED"].includes(code);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error) => {
      if (!isClosed(error)) throw error;
    });
  }
}
