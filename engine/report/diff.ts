import { structuredPatch } from "diff";
import type { PlannedStep } from "../run/event.ts";
import { counted, cut, harmless, type Output, paint } from "./terminal.ts";

const CONTEXT_LINES = 2;

/** More than this of one text nobody reads in a terminal. */
const MAX_LINES = 60;
const MAX_LINE_LENGTH = 300;

/** Two large texts that have nothing in common would take minutes to compare. */
const TIMEOUT_MS = 1000;

/** The lines of `--diff` for one resource: a unified diff of texts, and before → after of every other field. */
export function diffLines(output: Pick<Output, "colour">, { changes }: PlannedStep): readonly string[] {
  return changes.flatMap(({ field, before, after, text }) =>
    text ? textDiff(output, field, text) : [`${field}: ${shown(before, "absent")} → ${shown(after, "absent")}`],
  );
}

/** A field's value in one line of bearable length. */
export function shown(value: string | undefined, otherwise: string): string {
  return value === undefined ? otherwise : harmless(cut(value, MAX_LINE_LENGTH));
}

function textDiff(
  output: Pick<Output, "colour">,
  field: string,
  text: { readonly before: string; readonly after: string },
): readonly string[] {
  const options = { context: CONTEXT_LINES, timeout: TIMEOUT_MS };
  const patch = structuredPatch(field, field, text.before, text.after, "", "", options);
  if (!patch) return [`${field}: too large and too different to show (--json has both texts)`];
  const lines = patch.hunks.flatMap(({ oldStart, newStart, lines }) => [
    paint(output, "cyan", `@@ ${harmless(field)}, line ${oldStart} → ${newStart} @@`),
    ...lines.map((line) => paint(output, colourOf(line), shown(line, ""))),
  ]);
  if (lines.length <= MAX_LINES) return lines;
  const rest = counted(lines.length - MAX_LINES, "more line");
  return [...lines.slice(0, MAX_LINES), paint(output, "dim", `… ${rest} (--json has both texts)`)];
}

function colourOf(line: string): "green" | "red" | "dim" {
  if (line.startsWith("+")) return "green";
  return line.startsWith("-") ? "red" : "dim";
}
