import type { HostSummary, RunSummary } from "hostwright";
import type { Outcome } from "./labels.ts";

/** What is named of one host. */
const NAMED = 5;

/** A failure may quote what a program said. */
const LONGEST = 300;

/** A run as Loki stores it. */
export interface RunEntry {
  readonly labels: { readonly job: string; readonly playbook: string; readonly outcome: Outcome };
  readonly line: string;
  /** Structured metadata: queries find it among the labels. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Returns the one entry of a run. Its line is what somebody reads at the mark. */
export function entryOf(run: RunSummary): RunEntry {
  const { playbook, operator, commit, hosts, durationMs } = run;
  const outcome = outcomeOf(run);
  const by = `${playbook} by ${operator}${commit === "" ? "" : ` at ${commit}`}`;
  const changed = hosts.reduce((sum, host) => sum + host.changed.length, 0);
  const seconds = (durationMs / 1000).toFixed(1);
  const told = hosts.flatMap((host) => {
    const text = textOf(host);
    return text === undefined ? [] : [`${host.name}: ${text}`];
  });
  return {
    labels: { job: "hostwright", playbook, outcome },
    line: [`${by}: ${outcome.replace("_", " ")}, ${seconds} s, run ${run.run}`, ...told].join("\n"),
    metadata: {
      run: run.run,
      operator,
      ...(commit !== "" && { commit }),
      duration_seconds: seconds,
      changes: `${changed}`,
    },
  };
}

/** Returns how a run ended. */
export function outcomeOf({ hosts }: RunSummary): Outcome {
  if (hosts.some(({ failure }) => failure)) return "failed";
  return hosts.some(({ changed }) => changed.length > 0) ? "changed" : "in_sync";
}

/** What is said of a host; undefined where it was in sync. */
function textOf({ changed, failure }: HostSummary): string | undefined {
  const more = changed.length > NAMED ? ` and ${changed.length - NAMED} more` : "";
  const said = [
    ...(failure ? [`${failure.kind}: ${shortened(failure.message)}`] : []),
    ...(changed.length > 0 ? [`${changed.length} changed: ${changed.slice(0, NAMED).join(", ")}${more}`] : []),
  ];
  return said.length > 0 ? said.join("; ") : undefined;
}

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
