import type { Failure, HostResult, RunEvent } from "../run/event.ts";
import { shown } from "./diff.ts";
import {
  bytes,
  counted,
  harmless,
  harmlessLines,
  hostLabel,
  type Output,
  paint,
  placeText,
  seconds,
} from "./terminal.ts";
import type { Times } from "./times.ts";

type Paper = Pick<Output, "colour">;

/** What a recap needs besides the results. */
export interface RecapOptions {
  /** All hosts of the run: those without a result were never started. */
  readonly hosts: readonly string[];
  /** Adds what each host cost. */
  readonly times: Times | undefined;
}

const NEXT = "fix the cause and run again: what holds already is left alone";

/** The lines after a run: a line a host, then each failure with its place and the next step, then what the roles say. */
export function recapLines(
  paper: Paper,
  { results, durationMs }: RunEvent & { kind: "finished" },
  { hosts, times }: RecapOptions,
): readonly string[] {
  const idle = hosts.filter((name) => results.every(({ host }) => host !== name));
  const table = tableOf(results);
  const notes = [...new Set(results.flatMap(({ notes }) => notes))];
  return [
    "",
    `${paint(paper, "bold", "RECAP")}  ${summary(results)} · ${seconds(durationMs)}`,
    ...results.flatMap((result, at) => [
      paintRow(paper, table[at] ?? []),
      ...(times ? [`  ${paint(paper, "dim", costLine(result, times))}`] : []),
    ]),
    ...(idle.length > 0 ? [`not started: ${harmless(idle.join(" "))}`] : []),
    ...sameFailures(results).flatMap(([failure, names]) => ["", ...failureLines(paper, names, failure)]),
    ...(notes.length > 0 ? ["", ...notes.flatMap(harmlessLines)] : []),
  ];
}

/** As in "3 hosts: 1 changed, 1 failed, 1 ok". */
export function summary(results: readonly HostResult[]): string {
  const words = results.map(({ failure, changed }) => failure?.kind ?? (changed > 0 ? "changed" : "ok"));
  const kinds = ["failed", "unreachable", "locked", "interrupted", "changed", "ok"];
  const counts = kinds.map((kind) => [words.filter((word) => word === kind).length, kind] as const);
  const said = counts.filter(([count]) => count > 0).map(([count, kind]) => `${count} ${kind}`);
  return [counted(results.length, "host"), said.join(", ")].filter(Boolean).join(": ");
}

/** The counts of a host, in the recap's order. A host that was locked or interrupted failed. */
export function countsOf({ ok, changed, skipped, failure }: HostResult): Readonly<Record<string, number>> {
  const unreachable = failure?.kind === "unreachable" ? 1 : 0;
  return { ok, changed, failed: failure && !unreachable ? 1 : 0, unreachable, skipped };
}

interface Cell {
  readonly text: string;
  readonly colour?: Colour | undefined;
}

type Colour = "red" | "yellow" | "green" | "dim";

/** Rows of cells, those of a column equally wide. */
function tableOf(results: readonly HostResult[]): readonly (readonly Cell[])[] {
  const rows = results.map((result): readonly Cell[] => [
    { text: harmless(result.host), colour: result.failure ? "red" : result.changed > 0 ? "yellow" : "green" },
    ...Object.entries(countsOf(result)).map(([word, count]) => ({
      text: `${word}=${count}`,
      colour: count === 0 ? ("dim" as const) : COUNT_COLOURS[word],
    })),
    { text: seconds(result.durationMs) },
  ]);
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.text.length ?? 0)));
  return rows.map((row) =>
    row.map(({ text, colour }, column) => {
      const width = widths[column] ?? 0;
      return { text: column === row.length - 1 ? text.padStart(width) : text.padEnd(width), colour };
    }),
  );
}

const COUNT_COLOURS: Readonly<Record<string, Colour>> = { failed: "red", unreachable: "red", changed: "yellow" };

function paintRow(paper: Paper, cells: readonly Cell[]): string {
  return cells.map(({ text, colour }) => (colour ? paint(paper, colour, text) : text)).join("  ");
}

function costLine({ host, execs, bytesSent, bytesReceived }: HostResult, times: Times): string {
  const traffic = `${counted(execs, "exec")} (a round trip each), sent ${bytes(bytesSent)}, received ${bytes(bytesReceived)}`;
  const phases = [...times.phasesMs(host)].map(([phase, durationMs]) => `${phase} ${seconds(durationMs)}`);
  return [traffic, ...(phases.length > 0 ? [phases.join(", ")] : [])].join("; ");
}

/** Each failure with the hosts that have the same: what breaks everywhere is told once. */
export function sameFailures(results: readonly HostResult[]): readonly (readonly [Failure, readonly string[]])[] {
  const groups = new Map<string, [Failure, string[]]>();
  for (const { host, failure } of results) {
    if (!failure) continue;
    const key = JSON.stringify(failure);
    const [, hosts] = groups.get(key) ?? [failure, []];
    groups.set(key, [failure, [...hosts, host]]);
  }
  return [...groups.values()];
}

/** A failure of these hosts: what, where, found and wanted, what to do next. */
export function failureLines(paper: Paper, hosts: readonly string[], failure: Failure): readonly string[] {
  const { kind, message, on, place, step, checks = [], stderr, hint } = failure;
  const labels = hosts.map((host) => hostLabel({ host, on }));
  const known = step
    ? []
    : ([
        ["found", failure.found],
        ["expected", failure.expected],
      ] as const);
  return [
    paint(paper, "red", harmless(`${kind.toUpperCase()} ${labels.join(", ")}: ${message}`)),
    ...(step ? block("resource", [harmless(`${step.type} ${step.id}`)]) : []),
    ...(step ? block("made by", [harmless(placeText(step.place))]) : []),
    ...(place && !step ? block("place", [harmless(placeText(place))]) : []),
    ...block("differs", differences(step)),
    ...known.flatMap(([label, text]) => (text === undefined ? [] : block(label, [shown(text, "")]))),
    ...block(
      "broken",
      checks.map(({ name, text }) => harmless(`${name}: ${text}`)),
    ),
    ...(stderr ? block("stderr", harmlessLines(stderr)) : []),
    ...rollbackLines(failure),
    ...block("next", harmlessLines(hint ?? NEXT)),
  ];
}

/** What went back, whether all is well with it, and what did not go back. */
function rollbackLines({ rollback }: Failure): readonly string[] {
  if (!rollback) return [];
  const { resources, left, works, stderr } = rollback;
  const names = (all: typeof resources) => harmless(all.map(({ type, id }) => `${type} ${id}`).join(", "));
  return [
    ...block(
      "undone",
      resources.length === 0
        ? []
        : [`${names(resources)}: ${works ? "as it was, and works" : "as it was, and does NOT work"}`],
    ),
    ...(left.length > 0 ? block("changed", [`${names(left)}: cannot go back`]) : []),
    ...(stderr ? block("then", harmlessLines(stderr)) : []),
  ];
}

/** What was found and wanted of each field; of texts only that they differ. */
export function differences(step: Failure["step"]): readonly string[] {
  return (step?.changes ?? []).map(
    ({ field, before, after }) =>
      `${harmless(field)}: found ${shown(before, "nothing")}, wanted ${shown(after, "nothing")}`,
  );
}

function block(label: string, lines: readonly string[]): readonly string[] {
  return lines.map((line, index) => `  ${(index === 0 ? label : "").padEnd(8)}  ${line}`);
}
