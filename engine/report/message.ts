import type { PlannedStep, RunEvent } from "../run/event.ts";
import { summary } from "./recap.ts";
import { cut, failureLine, harmless, hostLabel } from "./terminal.ts";

/** Collects events; `text` is what a chat is told of those that came so far, whole at any time. */
export interface MessageReport {
  emit(event: RunEvent): void;
  text(): string;
}

/** A chat shows this much of a message at once. */
const MAX_LINES = 12;
const MAX_NAMES = 5;
const MAX_LENGTH = 300;

/** What a host has to tell: what was edited on it, what of the repository it has not got, and what is not known to be either. */
interface Host {
  readonly edited: PlannedStep[];
  readonly intended: PlannedStep[];
  readonly other: PlannedStep[];
}

/** Returns a report in a few lines, for a chat: a line of sums, then one for each host and reason. */
export function messageReport(): MessageReport {
  const hosts = new Map<string, Host>();
  const failures: string[] = [];
  let started: (RunEvent & { kind: "started" }) | undefined;
  let finished: (RunEvent & { kind: "finished" }) | undefined;
  return {
    emit(event) {
      if (event.kind === "started") started = event;
      if (event.kind === "finished") finished = event;
      if (event.kind === "refused")
        failures.push(...event.failures.map((failure) => `REFUSED: ${failureLine(failure)}`));
      if (event.kind === "failed")
        failures.push(`${event.failure.kind.toUpperCase()} ${hostLabel(event)}: ${failureLine(event.failure)}`);
      if (event.kind === "planned" && event.pass === 1) note(hosts, hostLabel(event), event.steps);
    },
    text() {
      const head = [
        started ? `${started.playbook} · ${started.inventory.join(", ")}${started.check ? " · check" : ""}` : "no run",
        finished ? summary(finished.results) : "not finished",
      ].join(": ");
      const differing = [...hosts].flatMap(([host, all]) => hostLines(host, all, started?.check ?? false));
      const lines = [head, ...failures, ...differing].map((line) => cut(harmless(line), MAX_LENGTH));
      const rest = lines.length - MAX_LINES;
      return `${[...lines.slice(0, MAX_LINES), ...(rest > 0 ? [`… ${rest} more`] : [])].join("\n")}\n`;
    },
  };
}

function note(hosts: Map<string, Host>, host: string, steps: readonly PlannedStep[]): void {
  const one = hosts.get(host) ?? { edited: [], intended: [], other: [] };
  hosts.set(host, one);
  for (const step of steps) if (!step.condition) one[step.cause ?? "other"].push(step);
}

function hostLines(host: string, { edited, intended, other }: Host, check: boolean): readonly string[] {
  const line = (words: string, steps: readonly PlannedStep[]) =>
    steps.length === 0 ? [] : [`${host}: ${words}: ${named(steps)}`];
  return [
    ...line(check ? "edited on the host" : "edited on the host, and put right", edited),
    ...line(check ? "new in the repository, not applied" : "new in the repository", intended),
    ...line(check ? "would change" : "changes", other),
  ];
}

function named(steps: readonly PlannedStep[]): string {
  const names = steps
    .slice(0, MAX_NAMES)
    .map(({ type, id, changes }) => `${type} ${id} (${changes.map(({ field }) => field).join(", ")})`);
  const rest = steps.length - names.length;
  return [...names, ...(rest > 0 ? [`${rest} more`] : [])].join("; ");
}
