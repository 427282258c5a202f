import type { Emit, PlannedStep, RunEvent } from "../run/event.ts";
import { diffLines } from "./diff.ts";
import { recapLines } from "./recap.ts";
import { harmless, type Output, paint, seconds } from "./terminal.ts";

/** What people want to see. */
export interface TextOptions {
  readonly diff: boolean;
  readonly verbose: boolean;
}

/** Returns a reader of events that writes lines for people. */
export function textReport(output: Output, options: TextOptions): Emit {
  let check = false;
  return (event) => {
    if (event.kind === "started") check = event.check;
    for (const line of eventLines(output, event, { ...options, check })) output.write(`${line}\n`);
  };
}

type Settings = TextOptions & { readonly check: boolean };

function eventLines(output: Output, event: RunEvent, settings: Settings): readonly string[] {
  switch (event.kind) {
    case "started": {
      const { playbook, inventory, hosts, run } = event;
      const mode = event.check ? " · check mode: nothing is changed" : "";
      return [`${playbook} · inventory ${inventory.join(", ")} · ${hosts.length} hosts · run ${run}${mode}`];
    }
    case "play":
      return ["", paint(output, "bold", `PLAY ${event.name}`) + paint(output, "dim", `  ${event.hosts.join(" ")}`)];
    case "connected":
      return [line(event.host, paint(output, "dim", `connected (${event.system}) ${seconds(event.durationMs)}`))];
    case "planned":
      return plannedLines(output, event, settings);
    case "applied":
      return event.steps.flatMap((step) =>
        stepLines(output, event.host, paint(output, "yellow", "changed"), step, settings),
      );
    case "handled":
      return event.handlers.map((handler) =>
        line(event.host, `${paint(output, "yellow", "handler")}  ${handler} ${seconds(event.durationMs)}`),
      );
    case "taken-over":
      return [line(event.host, `took over the lock of a run that died: ${harmless(event.holder)}`)];
    case "phase":
      return [];
    case "retrying":
      return [line(event.host, `connecting again: ${harmless(event.reason)}`)];
    case "stopped":
      return [`${event.play} stops: ${event.reason}; not started: ${event.hosts.join(", ") || "none"}`];
    case "failed":
      return [line(event.host, paint(output, "red", `${event.failure.kind}  ${harmless(event.failure.message)}`))];
    case "finished":
      return [...recapLines(output, event.results, settings.verbose), ...checkLines(event)];
  }
}

function plannedLines(output: Output, event: RunEvent & { kind: "planned" }, settings: Settings): readonly string[] {
  const { host, steps, resources, pending, pass, durationMs } = event;
  const waiting = pending.map((handler) =>
    line(host, `${paint(output, "yellow", "notified")} ${handler}: an earlier change waits for it`),
  );
  const time = seconds(durationMs);
  if (settings.check) {
    const planned = steps.flatMap((step) =>
      stepLines(output, host, paint(output, "yellow", "would change"), step, settings),
    );
    return [
      ...planned,
      ...waiting,
      ...(steps.length === 0 ? [line(host, `in sync: ${resources} resources  ${time}`)] : []),
    ];
  }
  if (steps.length > 0)
    return [line(host, `${steps.length} of ${resources} resources differ${pass > 1 ? `, pass ${pass}` : ""}  ${time}`)];
  if (pending.length > 0) return pass > 1 ? [] : waiting;
  return [
    line(
      host,
      paint(
        output,
        "green",
        pass > 1 ? `proved: nothing differs any more  ${time}` : `in sync: ${resources} resources  ${time}`,
      ),
    ),
  ];
}

function stepLines(
  output: Output,
  host: string,
  verb: string,
  step: PlannedStep,
  settings: Settings,
): readonly string[] {
  const fields = step.changes.map(({ field }) => field).join(", ");
  const head = line(host, `${verb}  ${step.type} ${harmless(step.id)}  ${paint(output, "dim", fields)}`);
  return settings.diff ? [head, ...diffLines(output, step).map((text) => line(host, `    ${text}`))] : [head];
}

function checkLines({ check, results }: RunEvent & { kind: "finished" }): readonly string[] {
  if (!check) return [];
  const changes = results.reduce((sum, { changed }) => sum + changed, 0);
  return ["", `Check mode: ${changes} changes would be made in the first pass; nothing was changed.`];
}

function line(host: string, text: string): string {
  return `${host.padEnd(9)} ${text}`;
}
