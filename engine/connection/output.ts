import type { Readable } from "node:stream";
import type { ExecOptions, ExecResult } from "./connection.ts";
import type { Traffic } from "./traffic.ts";

/**
 * All that one command may print, stdout and stderr together. What comes is held whole and split into lines, which costs many
 * times its size; V8's longest string (512 MiB) is far above, and what a person or a probe reads is far below.
 */
export const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** A command printed more than it may, and was stopped. The message is one line; the connection is still good. */
export class OutputError extends Error {
  override readonly name = "OutputError";
  readonly hint = "Let the command print less, such as the end of a log only (tail), or write into a file on the host.";

  constructor(place: string, maxBytes: number) {
    super(`${place}: the command printed more than ${size(maxBytes)}, and was stopped`);
  }
}

/** How to collect: `over` is called once, when the limit is passed. */
export interface Collecting extends Pick<ExecOptions, "maxOutputBytes" | "onStderr"> {
  readonly count: Traffic;
  over(maxBytes: number): void;
}

/**
 * Reads both streams from now on; the returned function gives all text so far, of each. Decoded whole: a character may be split
 * over chunks. Past the limit the streams are drained and nothing is kept.
 */
export function collect(
  streams: { readonly stdout: Readable; readonly stderr: Readable },
  { count, maxOutputBytes = MAX_OUTPUT_BYTES, onStderr, over }: Collecting,
): () => Pick<ExecResult, "stdout" | "stderr"> {
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  let room = maxOutputBytes;
  const take = (kept: "stdout" | "stderr") => (chunk: Buffer) => {
    count.received(chunk);
    if (room < 0) return;
    room -= chunk.length;
    if (room >= 0) chunks[kept].push(chunk);
    else {
      for (const held of Object.values(chunks)) held.length = 0;
      over(maxOutputBytes);
    }
  };
  streams.stdout.on("data", take("stdout"));
  streams.stderr.on("data", take("stderr"));
  if (onStderr) streams.stderr.on("data", (chunk: Buffer) => onStderr(chunk.toString("latin1")));
  const text = (held: readonly Buffer[]): string => Buffer.concat(held).toString("utf8");
  return () => ({ stdout: text(chunks.stdout), stderr: text(chunks.stderr) });
}

function size(bytes: number): string {
  return bytes % (1024 * 1024) === 0 ? `${bytes / (1024 * 1024)} MiB` : `${bytes} bytes`;
}
