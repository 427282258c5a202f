import { MismatchError } from "../format/mismatch.ts";
import { beside, lines, type Script, sh } from "../shell/sh.ts";
import { sha256 } from "./file.ts";
import type { Made } from "./made.ts";
import { type Change, defineResource, ProbeError } from "./resource.ts";
import { checkPath } from "./stat.ts";

export interface CommandDesired {
  /** What the command achieves; names it in reports. */
  readonly name: string;
  /** What is then run; it ends at the first command that fails, and the run with it. */
  readonly run: Script;
  /** Not needed if something is at this path. */
  readonly creates?: string;
  /** Not needed if this script, which must only read, exits 0. */
  readonly unless?: Script;
  /** Not needed if this script, which must only read, fails; also where its tool is not there yet. */
  readonly onlyIf?: Script;
  /** Paths after whose change it is needed, whatever its guards said before. */
  readonly after?: readonly string[];
  /** Takes back what it did, once the host is retired; kept there until then, so no secret may be in it. What is at `creates` goes by itself. */
  readonly undo?: Script;
}

/** What each guard that was given said: "present" or "absent", or an exit status. */
interface CommandCurrent {
  readonly creates?: string;
  readonly unless?: string;
  readonly onlyIf?: string;
}

/** A script that runs where all of its guards say that it is needed; at least one guard is required. */
export const command = defineResource<CommandDesired, CommandCurrent>({
  name: "command",
  id: check,
  // All at once: they only read, and some ask a service.
  probe: (all) => beside(lines([...all.map(probeGuards), sh`wait`])),
  parse(stdout, all) {
    const said = all.map((): Record<string, string> => ({}));
    for (const line of stdout.split("\n").filter(Boolean)) {
      const [index, guard = "", answer = ""] = line.split(" ");
      const of = said[Number(index)];
      if (!of || !/^(creates (absent|present)|(unless|onlyIf) \d+)$/.test(`${guard} ${answer}`))
        throw new ProbeError(`command: unexpected line: ${line}`);
      of[guard] = answer;
    }
    return said;
  },
  diff(desired, { creates, unless, onlyIf }) {
    refuseSignal(desired, { unless, onlyIf });
    if (creates === "present" || unless === "0" || (onlyIf !== undefined && onlyIf !== "0")) return [];
    const changes: Change[] = [];
    if (creates !== undefined) changes.push({ field: "creates", before: "absent", after: desired.creates });
    if (unless !== undefined) changes.push({ field: "unless", before: `exit ${unless}`, after: "exit 0" });
    if (onlyIf !== undefined) changes.push({ field: "onlyIf", before: "exit 0", after: "exit other than 0" });
    return changes;
  },
  makes: ({ name, creates, undo }, current) => [
    ...(creates !== undefined && current.creates === "absent" ? [{ what: "file", name: creates } as const] : []),
    ...(undo ? [madeUndo(name, undo)] : []),
  ],
  keeps: ({ creates }) => (creates === undefined ? [] : [creates]),
  apply: ({ run }) => run,
  follows: {
    ids: ({ after = [] }) => after,
    changes: ({ after = [] }, changing) => {
      const path = after.find((path) => changing.has(path));
      return path === undefined ? [] : [{ field: "after", after: path }];
    },
  },
});

function madeUndo(name: string, { text }: Script): Made {
  return { what: "undo", name, detail: `${sha256(text).slice(0, 8)}.${Buffer.from(text).toString("base64")}` };
}

function check({ name, creates, unless, onlyIf }: CommandDesired): string {
  if (name === "" || name.includes("\n")) throw new TypeError(`a command's name is one line: ${JSON.stringify(name)}`);
  if (creates !== undefined) checkPath(creates);
  if (creates === undefined && !unless && !onlyIf)
    throw new MismatchError({
      message: `command "${name}"`,
      found: "no guard",
      expected: "creates, unless or onlyIf",
      hint: "what has none is a handler",
    });
  return name;
}

function probeGuards({ creates, unless, onlyIf }: CommandDesired, index: number): Script {
  // A line at once: others print theirs at the same time.
  const answer = (word: string) => sh`echo ${`${index} creates ${word}`}`;
  const present = sh`if [ -e ${creates ?? ""} ] || [ -L ${creates ?? ""} ]; then ${answer("present")}; else ${answer("absent")}; fi`;
  return lines([
    ...(creates === undefined ? [] : [present]),
    ...(unless ? [runGuard(unless, `${index} unless`)] : []),
    ...(onlyIf ? [runGuard(onlyIf, `${index} onlyIf`)] : []),
  ]);
}

function runGuard(guard: Script, label: string): Script {
  // Not inside `if`, which would switch `set -e` off in the guard.
  return sh`
    { set +e
    ( set -eu
    ${guard}
    ) >/dev/null 2>&1
    printf '%s %s\\n' ${label} "$?"
    } &`;
}

/** A guard that was killed has not answered: signals are 129 to 192 in every shell. */
function refuseSignal({ name }: CommandDesired, statuses: Readonly<Record<string, string | undefined>>): void {
  for (const [guard, status] of Object.entries(statuses)) {
    if (Number(status) > 128 && Number(status) <= 192)
      throw new ProbeError(`command "${name}": its ${guard} was killed by signal ${Number(status) - 128}`);
  }
}
