import { structuredPatch } from "diff";
import type { PlannedStep } from "../run/event.ts";
import { harmless, type Output, paint } from "./terminal.ts";

const CONTEXT_LINES = 2;

/** The lines of `--diff` for one resource: a unified diff of texts, and before → after of every other field. */
export function diffLines(output: Output, { changes }: PlannedStep): readonly string[] {
  return changes.flatMap(({ field, before, after, text }) =>
    text
      ? textDiff(output, field, text)
      : [`${field}: ${harmless(before ?? "absent")} → ${harmless(after ?? "absent")}`],
  );
}

function textDiff(
  output: Output,
  field: string,
  text: { readonly before: string; readonly after: string },
): readonly string[] {
  const { hunks } = structuredPatch(field, field, text.before, text.after, "", "", { context: CONTEXT_LINES });
  return hunks.flatMap(({ oldStart, newStart, lines }) => [
    paint(output, "cyan", `@@ ${field}, line ${oldStart} → ${newStart} @@`),
    ...lines.map((line) => paint(output, colourOf(line), harmless(line))),
  ]);
}

function colourOf(line: string): "green" | "red" | "dim" {
  if (line.startsWith("+")) return "green";
  return line.startsWith("-") ? "red" : "dim";
}
