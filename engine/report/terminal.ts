import { styleText } from "node:util";

type Format = Parameters<typeof styleText>[0];

/** Where a report writes, and whether colours mean something there. */
export interface Output {
  write(text: string): unknown;
  readonly colour: boolean;
}

/** The text in a colour, where the output has any. */
export function paint(output: Output, format: Format, text: string): string {
  return output.colour ? styleText(format, text) : text;
}

/** The text with control characters spelled out: what a host printed must not drive the reader's terminal. */
export function harmless(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** Seconds with one decimal, as in "3.2s". */
export function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)}s`;
}
