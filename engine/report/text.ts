import type { AppliedStep, Emit, HostResult, OfHost, PlannedStep, RunEvent } from "../run/event.ts";
import { diffLines } from "./diff.ts";
import { recapLines } from "./recap.ts";
import { counted, failureLine, harmless, hostLabel, type Output, paint, placeText, seconds } from "./terminal.ts";
import { type Times, timeKeeper } from "./times.ts";

/** What people want to see. */
export interface TextOptions {
  readonly diff: boolean;
  readonly verbose: boolean;
  /** Milliseconds since any moment; a test brings its own. */
  readonly now?: () => number;
}

/** Room for the longest verb, "would change". */
const VERB_WIDTH = 12;

/** What took less is not told apart from nothing. */
const SHORT_MS = 50;

/** Returns a reader of events that writes lines for people: one `write` an event, and none for one that says nothing. */
export function textReport(output: Output, options: TextOptions): Emit {
  const times = timeKeeper(options.now);
  let started: Started | undefined;
  return (event) => {
    times.note(event);
    if (event.kind === "started") started = event;
    const lines = eventLines(event, { output, options, times, started });
    if (lines.length > 0) output.write(`${lines.join("\n")}\n`);
  };
}

type Started = RunEvent & { kind: "started" };
type Planned = RunEvent & { kind: "planned" };
type Colour = "dim" | "green" | "yellow" | "red";

interface Page {
  readonly output: Output;
  readonly options: TextOptions;
  readonly times: Times;
  readonly started: Started | undefined;
}

function eventLines(event: RunEvent, page: Page): readonly string[] {
  switch (event.kind) {
    case "started":
      return [headline(event)];
    case "play":
      return ["", playLine(event, page)];
    case "phase":
    case "refused":
      // What is refused was said before there is a report.
      return [];
    case "connected":
      return hostLines(page, event, ["connected", "dim"], harmless(event.system));
    case "planned":
      return plannedLines(event, page);
    case "applied":
      return event.steps.flatMap((step) => stepLines(page, event, step.condition ? "waited for" : "changed", step));
    case "handled":
      return event.handlers.flatMap((name) =>
        hostLines(page, event, ["handler", "yellow"], `${harmless(name)}${timeText(page, event.took[name])}`),
      );
    case "found":
      return foundLines(event, page);
    case "taken-over":
      return hostLines(page, event, ["took over"], `the lock of a run that died: ${harmless(event.holder)}`);
    case "recovered":
      return hostLines(page, event, ["was done", "yellow"], `before the cut: ${recoveredText(event)}`);
    case "waiting":
      return hostLines(page, event, ["waits for", "yellow"], harmless(event.reason));
    case "retrying":
      return hostLines(page, event, ["retrying", "yellow"], retryText(event));
    case "failed":
      return failedLines(event, page);
    case "stopped":
      return [stoppedLine(event, page)];
    case "finished":
      return [...finishedLines(event, page)];
  }
}

function headline({ playbook, inventory, hosts, run, check }: Started): string {
  const parts = [playbook, `inventory ${inventory.join(", ")}`, counted(hosts.length, "host"), `run ${run}`];
  return harmless([...parts, ...(check ? ["check mode: nothing is changed"] : [])].join(" · "));
}

function playLine({ name, hosts }: RunEvent & { kind: "play" }, { output, started }: Page): string {
  const title = paint(output, "bold", harmless(`PLAY ${name}`));
  if (hosts.length === 0) return `${title}  no hosts in ${harmless(started?.inventory.join(", ") ?? "this run")}`;
  return `${title}  ${paint(output, "dim", harmless(`${counted(hosts.length, "host")}: ${hosts.join(" ")}`))}`;
}

function plannedLines(event: Planned, page: Page): readonly string[] {
  const { steps, later, left, resources, pending, pass } = event;
  const lines = (verb: string, colour: Colour, text: string) => hostLines(page, event, [verb, colour], text);
  const isIdle = steps.length === 0 && pending.length === 0;
  const waiting = page.started?.check || pass === 1 ? pending : [];
  const turn = later.length > 0 ? " but what waits for its turn" : "";
  return [
    ...left.flatMap(({ type, id, place }) =>
      lines(
        "left alone",
        "yellow",
        harmless(`${type} ${id} differs too, but the tags leave it out  (${placeText(place)})`),
      ),
    ),
    ...(steps.length > 0
      ? lines(
          event.turn ? "its turn" : "differs",
          "dim",
          `${steps.length} of ${counted(resources, "resource")}${pass > 1 ? `, pass ${pass}` : ""}${editedText(steps)}`,
        )
      : []),
    ...(page.started?.check
      ? steps.flatMap((step) => stepLines(page, event, step.condition ? "would wait" : "would change", step))
      : []),
    ...waiting.flatMap((name) =>
      lines("waiting", "yellow", harmless(`handler ${name}: an earlier change asked for it`)),
    ),
    ...(pass === 1 ? later.flatMap((step) => stepLines(page, event, "waits", step)) : []),
    ...(isIdle && pass === 1 && !turn ? lines("in sync", "green", counted(resources, "resource")) : []),
    ...(isIdle && pass > 1 ? lines("proved", "green", `nothing differs any more${turn}`) : []),
  ];
}

/** What somebody edited is told apart from what the repository wants now. */
function editedText(steps: readonly PlannedStep[]): string {
  const edited = steps.filter(({ cause }) => cause === "edited").length;
  return edited > 0 ? `; ${edited} edited on the host since the last run` : "";
}

function stepLines(page: Page, host: OfHost, verb: string, step: AppliedStep): readonly string[] {
  const { output, options } = page;
  const fields = harmless(step.changes.map(fieldText).join(", "));
  const what = `${harmless(`${step.type} ${step.id}`)}  ${paint(output, "dim", fields)}${timeText(page, step.durationMs)}${causeText(page, step)}`;
  const diff = options.diff ? diffLines(output, step).map((line) => `    ${line}`) : [];
  return [...hostLines(page, host, [verb, "yellow"], what), ...diff];
}

/** Of an upgrade it is said from what and to what. */
function fieldText({ field, before, after, isVersion }: PlannedStep["changes"][number]): string {
  return isVersion && before !== undefined && after !== undefined ? `${field} ${before} → ${after}` : field;
}

function causeText({ output }: Page, { cause }: PlannedStep): string {
  return cause === "edited" ? `  ${paint(output, "yellow", "(edited on the host)")}` : "";
}

/** With -v, of what took time: a program that judges a copy, a restart, a download. */
function timeText({ options, output }: Page, durationMs: number | undefined): string {
  if (!options.verbose || durationMs === undefined || durationMs < SHORT_MS) return "";
  return `  ${paint(output, "dim", `(${seconds(durationMs)})`)}`;
}

function recoveredText({ resources, handlers }: RunEvent & { kind: "recovered" }): string {
  return harmless([...resources, ...handlers.map((name) => `handler ${name}`)].join(", "));
}

function retryText({ reason, inMs }: RunEvent & { kind: "retrying" }): string {
  return `${inMs > 0 ? `in ${seconds(inMs)}` : "now"}: ${harmless(reason)}`;
}

function foundLines(event: RunEvent & { kind: "found" }, page: Page): readonly string[] {
  const { name, outcome, text, durationMs } = event.finding;
  const verb = { works: "works", broken: "BROKEN", unproven: "not proven" }[outcome];
  const colour = ({ works: "green", broken: "red", unproven: "yellow" } as const)[outcome];
  const time = durationMs === undefined ? "" : ` (${seconds(durationMs)})`;
  return hostLines(page, event, [verb, colour], harmless(`${name}${time}: ${text}`));
}

/** One line only: the recap tells the rest. */
function failedLines(event: RunEvent & { kind: "failed" }, page: Page): readonly string[] {
  const { failure } = event;
  return hostLines(page, event, [failure.kind.toUpperCase(), "red"], failureLine(failure));
}

function stoppedLine({ play, reason, hosts, waiting }: RunEvent & { kind: "stopped" }, { output }: Page): string {
  const turns =
    waiting.length > 0 ? `; their turn did not come, what waited for it is as it was: ${waiting.join(" ")}` : "";
  const left = hosts.length > 0 ? `; not started: ${hosts.join(" ")}` : "";
  return paint(output, "red", harmless(`STOPPED ${play}: ${reason}${turns}${left}`));
}

function finishedLines(event: RunEvent & { kind: "finished" }, page: Page): readonly string[] {
  const { output, options, times, started } = page;
  const hosts = started?.hosts ?? [];
  return [
    ...recapLines(output, event, { hosts, times: options.verbose ? times : undefined }),
    ...(event.check ? ["", checkLine(event.results)] : []),
  ];
}

function checkLine(results: readonly HostResult[]): string {
  const changes = results.reduce((sum, { changed }) => sum + changed, 0);
  const would = changes === 1 ? "1 change would be made" : `${changes} changes would be made`;
  const edited = results.reduce((sum, one) => sum + one.edited, 0);
  const drift = edited > 0 ? ` (${edited} edited on a host since the last run)` : "";
  const unknown = results.filter(({ failure }) => failure).length;
  const but = unknown > 0 ? `, not counting ${counted(unknown, "host")} that could not be looked at` : "";
  return `Check mode: ${would} in the first pass${drift}${but}; nothing was changed.`;
}

function hostLines(page: Page, of: OfHost, [verb, colour]: [string, Colour?], text: string): readonly string[] {
  const { output, started, times } = page;
  const width = Math.max(...(started?.hosts ?? []).map((name) => harmless(name).length), 1);
  const painted = colour ? paint(output, colour, verb.padEnd(VERB_WIDTH)) : verb.padEnd(VERB_WIDTH);
  const elapsed = seconds(times.elapsedMs(of.host)).padStart(7);
  return [`${harmless(hostLabel(of)).padEnd(width)} ${elapsed}  ${painted}  ${text}`];
}
