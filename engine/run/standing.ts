import { type Script, sh } from "../shell/sh.ts";
import { type Applied, appliedProbe, parseApplied, parseMadeKeys } from "./applied.ts";
import { turnProbe } from "./host-lock.ts";
import { pendingFolder, type StatePaths } from "./host-state.ts";
import { type Scope, scopeWord } from "./record.ts";

/** What the engine's own state on a host says. */
export interface Standing {
  /** The number of turns in which the host was changed; odd where one goes on, or died. */
  readonly turn: string;
  /** Handlers notified on this host and not run yet. */
  readonly pending: readonly string[];
  readonly applied: Applied;
  /** Names resources of which this scope made something. */
  readonly made: readonly string[];
}

/** Section that prints what a host's `Standing` is made of, a line each. */
export function standingProbe(paths: StatePaths, scope: Scope): Script {
  return sh`
    ${turnProbe(paths)}
    ${appliedProbe(paths, scopeWord(scope))}
    for path in ${pendingFolder(paths)}/*; do [ ! -f "$path" ] || printf '%s\\n' "\${path##*/}"; done`;
}

/** Reads what `standingProbe` printed. A name that is none of ours, as a disk that broke leaves it, is nobody's handler. */
export function parseStanding(stdout: string): Standing {
  const [turn = "", ...lines] = stdout.split("\n").filter((line) => line !== "");
  const names = lines.filter((line) => !/^[=+]/.test(line));
  return { turn, pending: names.flatMap(handlerNamed), applied: parseApplied(lines), made: parseMadeKeys(lines) };
}

function handlerNamed(file: string): readonly string[] {
  try {
    return [decodeURIComponent(file)];
  } catch {
    return [];
  }
}
