import type { Failure, HostResult } from "../run/event.ts";
import { harmless, type Output, paint, seconds } from "./terminal.ts";

/** The lines after a run: a line a host, then each failure with its place and the next step, then what the roles say. */
export function recapLines(output: Output, results: readonly HostResult[], verbose: boolean): readonly string[] {
  const width = Math.max(...results.map(({ host }) => host.length), 8);
  const notes = [...new Set(results.flatMap(({ notes }) => notes))];
  return [
    "",
    paint(output, "bold", "RECAP"),
    ...results.flatMap((result) => [hostLine(output, result, width), ...(verbose ? [costLine(result, width)] : [])]),
    ...results.flatMap(({ host, failure }) => (failure ? failureLines(output, host, failure) : [])),
    ...(notes.length > 0 ? ["", ...notes] : []),
  ];
}

function hostLine(output: Output, result: HostResult, width: number): string {
  const { host, ok, changed, skipped, failure, durationMs } = result;
  const failed = failure && failure.kind !== "unreachable" ? 1 : 0;
  const unreachable = failure?.kind === "unreachable" ? 1 : 0;
  const counts = `ok=${ok} changed=${changed} failed=${failed} unreachable=${unreachable} skipped=${skipped}`;
  const colour = failure ? "red" : changed > 0 ? "yellow" : "green";
  return `${paint(output, colour, host.padEnd(width))}  ${counts}  ${seconds(durationMs)}`;
}

function costLine({ execs, bytesSent, bytesReceived }: HostResult, width: number): string {
  return `${" ".repeat(width)}  execs=${execs} sent=${bytesSent} B received=${bytesReceived} B`;
}

function failureLines(output: Output, host: string, failure: Failure): readonly string[] {
  const { kind, message, step, stderr, hint } = failure;
  const found = step?.changes.map(
    ({ field, before, after }) => `  ${field}: found ${before ?? "nothing"}, wanted ${after ?? "nothing"}`,
  );
  return [
    "",
    paint(output, "red", `${kind.toUpperCase()} ${host}: ${harmless(message)}`),
    ...(step ? [`  made by ${step.origin}`] : []),
    ...(found ?? []).map(harmless),
    ...(stderr ? stderr.split("\n").map((line) => `  | ${harmless(line)}`) : []),
    ...(hint ? [`  next: ${harmless(hint)}`] : []),
  ];
}
