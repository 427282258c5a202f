import { basename, dirname } from "node:path";
import { globMatches, re2Matches, type Script, sh, type VarsOf } from "hostwright";
import type { applicationVars } from "../application/vars.ts";
import { firstLineOf, type logAgentVars } from "./vars.ts";

type Vars = Pick<VarsOf<typeof logAgentVars>, "app_logs" | "app_logs_exclude" | "log_first_line" | "log_format"> &
  Pick<VarsOf<typeof applicationVars>, "app_user">;

/** A log entry of several lines that nobody else writes, in a file of its own. */
export interface LogEntry {
  readonly id: string;
  readonly path: string;
  readonly text: string;
}

const STEM = "hostwright-verify";

/**
 * Returns an entry and a file of its own that the agent reads: nothing is written into a file of the application. An
 * explanation instead where `app_logs` has no room for one.
 */
export function logEntry(vars: Vars, id: string, traceId: string): LogEntry | string {
  const pattern = basename(vars.app_logs);
  if (!/^[^*?[\]{}]*\*[^*?[\]{}]*$/.test(pattern))
    return `app_logs has no "*" to name a file of our own by, and the application's own is not written to: ${pattern}`;
  const name = pattern.replace("*", `${STEM}-${id}`);
  if (globMatches(vars.app_logs_exclude, name)) return `app_logs_exclude leaves out ${name} as well`;
  const text = candidates(id, traceId).find((one) => isOneEntry(one, firstLineOf(vars)));
  if (text === undefined)
    return "log_first_line takes none of the entries that this proof can write for the beginning of one";
  return { id, path: `${dirname(vars.app_logs)}/${name}`, text };
}

/** In each of the formats, and as `No mapping for`: the first that `log_first_line` takes is written. */
function candidates(id: string, traceId: string): readonly string[] {
  const timestamp = new Date().toISOString();
  const event = { event: STEM, timestamp, level: "INFO", traceId, message: `proof ${id}` };
  const frames = `\tat hostwright.Verify.prove(Verify.java:1)\n\tat hostwright.Verify.main(Verify.java:2)`;
  return [
    JSON.stringify({ ...event, nested: [{ line: 1 }, { line: 2 }] }, undefined, 2),
    `No mapping for ${STEM} ${id} traceId=${traceId}\n${frames}`,
    `${timestamp} INFO ${STEM} proof ${id} traceId=${traceId}\n${frames}`,
    `time=${timestamp} level=info msg="${STEM} proof ${id}" traceID=${traceId}\n${frames}`,
  ];
}

/** As the agent will see it. */
function isOneEntry(text: string, firstLine: string): boolean {
  const [first = "", ...others] = text.split("\n");
  return re2Matches(firstLine, first) && !others.some((line) => re2Matches(firstLine, line));
}

/** Writes the entry as the application's user, whose folder it is and whose files the agent may read. Prints nothing. */
export function writeEntry({ path, text }: LogEntry, { app_user }: Vars): Script {
  // find goes back to where it was started, which may be root's home.
  return sh`
    cd /
    runuser -u ${app_user} -- find ${dirname(path)} -maxdepth 1 -type f -name ${`*${STEM}-*`} -mmin +60 -exec rm -f -- {} +
    printf '%s\\n' ${text} | runuser -u ${app_user} -- sh -c 'umask 027; cat >"$1"' sh ${path}`;
}

/** Takes the file away again. */
export function removeEntry({ path }: LogEntry, { app_user }: Vars): Script {
  return sh`runuser -u ${app_user} -- rm -f -- ${path}`;
}
