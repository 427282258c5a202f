import { createLogUpdate } from "log-update";
import type { Emit, OfHost, RunEvent } from "../run/event.ts";
import { counted, harmless, hostLabel, paint, seconds } from "./terminal.ts";
import { type TextOptions, textReport } from "./text.ts";
import { timeKeeper } from "./times.ts";

/** A terminal that people look at while the run goes on. */
export type Terminal = NodeJS.WritableStream & { readonly columns?: number; readonly rows?: number };

/** A report with a part that moves. */
export interface LiveReport {
  readonly emit: Emit;
  /** Takes the moving lines away; a run that ended does so itself. */
  stop(): void;
}

type PhaseEvent = RunEvent & { kind: "phase" };

interface Doing {
  readonly host: string;
  readonly what: string;
  readonly since: number;
}

const TICK_MS = 200;

/** More lines than this push the log out of sight. */
const MAX_LINES = 20;

/** The text report, with a line below it for each host that is at work: what it does, and for how long. */
export function liveReport(terminal: Terminal, options: TextOptions & { readonly colour: boolean }): LiveReport {
  const { now = () => performance.now(), colour } = options;
  // The cursor stays: a run that is killed would not bring it back.
  const block = createLogUpdate(terminal as NodeJS.WriteStream, { showCursor: true });
  const doing = new Map<string, Doing>();
  const times = timeKeeper(now);
  let check = false;
  let width = 0;
  const text = textReport({ colour, write: (lines) => above(block, terminal, lines) }, options);
  const draw = (): void => {
    const lines = [...doing].map(([label, { host, what, since }]) => {
      const elapsed = seconds(times.elapsedMs(host)).padStart(7);
      return `${harmless(label).padEnd(width)} ${elapsed}  … ${harmless(what)}  ${seconds(now() - since)}`;
    });
    const painted = fit(lines, terminal).map((line) => paint({ colour }, "cyan", line));
    if (painted.length === 0) block.clear();
    else block(painted.join("\n"));
  };
  const begin = (of: OfHost, what: string): void => {
    doing.set(hostLabel(of), { host: of.host, what, since: now() });
  };
  const timer = setInterval(draw, TICK_MS);
  timer.unref();
  const stop = (): void => {
    clearInterval(timer);
    doing.clear();
    block.clear();
  };
  return {
    emit(event) {
      times.note(event);
      if (event.kind === "started") ({ check } = event);
      if (event.kind === "started") width = Math.max(...event.hosts.map((host) => harmless(host).length), 1);
      if (event.kind === "phase") begin(event, describe(event));
      if (event.kind === "retrying") begin(event, "waiting to try again");
      if (event.kind === "waiting") begin(event, harmless(`waiting for ${event.reason}`));
      if (endsWork(event, check)) doing.delete(hostLabel(event));
      if (event.kind === "finished") stop();
      text(event);
      if (event.kind !== "finished") draw();
    },
    stop,
  };
}

function above(block: { clear(): void }, terminal: Terminal, lines: string): void {
  block.clear();
  terminal.write(lines);
}

/** After these a host has nothing to do, unless another phase begins. */
function endsWork(event: RunEvent, check: boolean): event is RunEvent & { kind: "planned" | "failed" } {
  if (event.kind === "failed") return true;
  return event.kind === "planned" && (check || (event.steps.length === 0 && event.pending.length === 0));
}

function describe({ phase, pass, count = 0, names = [] }: PhaseEvent): string {
  const again = pass !== undefined && pass > 1 ? ` (pass ${pass})` : "";
  switch (phase) {
    case "connect":
      return "connecting";
    case "facts":
      return "gathering facts";
    case "probe":
      return `probing ${counted(count, "resource")}${again}`;
    case "apply":
      return `applying ${counted(count, "change")}${again}`;
    case "prove":
      return "proving that it works together";
    case "rollback":
      return "going back to how it was";
    case "handlers":
      return `handler ${names.join(", ")}`;
  }
}

/** As many lines, and of each as much, as the terminal has room for. */
function fit(lines: readonly string[], { columns, rows }: Terminal): readonly string[] {
  const room = Math.max(1, Math.min(MAX_LINES, (rows || 24) - 2));
  const shown = lines.length > room ? lines.slice(0, room - 1) : lines;
  const rest = lines.length - shown.length;
  const all = rest > 0 ? [...shown, `… and ${counted(rest, "more host")}`] : shown;
  const width = columns || 80;
  return all.map((line) => (line.length < width ? line : `${line.slice(0, width - 2)}…`));
}
