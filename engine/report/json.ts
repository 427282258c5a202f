import type { Emit } from "../run/event.ts";
import type { Output } from "./terminal.ts";

/** JSON leaves these as they are, and a terminal obeys some of them. */
const RAW_CONTROLS = /[\u007f-\u009f\u2028\u2029]|\p{Bidi_Control}/gu;

/** Returns a reader of events that writes one a line, with the time at which it came (docs/events.schema.json). */
export function jsonReport(output: Pick<Output, "write">, time: () => Date = () => new Date()): Emit {
  return (event) => {
    const text = JSON.stringify({ time: time().toISOString(), ...event });
    output.write(`${text.replace(RAW_CONTROLS, escapeChar)}\n`);
  };
}

function escapeChar(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
