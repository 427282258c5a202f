import { Writable } from "node:stream";
import type { Terminal } from "../../engine/report/live.ts";

/** A terminal of this size that only remembers. */
export function fakeTerminal(columns = 80, rows = 24): Terminal & { written(): string } {
  let text = "";
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  return Object.assign(stream, { isTTY: true, columns, rows, written: () => text });
}

/** What a screen without end shows after this text: the log, and what was drawn below it last. */
export function screenOf(text: string): readonly string[] {
  const screen = [""];
  let row = 0;
  const type = (typed: string): void => {
    const [first = "", ...others] = typed.replaceAll("\r", "").split("\n");
    screen[row] = (screen[row] ?? "") + first;
    for (const line of others) {
      row += 1;
      screen[row] = (screen[row] ?? "") + line;
    }
  };
  const [before = "", ...sequences] = text.split("\x1b[");
  type(before);
  for (const sequence of sequences) {
    const [, count, command, after = ""] = /^([?\d;]*)([A-Za-z])(.*)$/s.exec(sequence) ?? [];
    if (command === "A") row -= Number(count || 1);
    if (command === "B") row += Number(count || 1);
    if (command === "K") screen[row] = "";
    type(after);
  }
  while (screen.at(-1) === "") screen.pop();
  return screen;
}
