import { harmless } from "../report/terminal.ts";
import { type Deed, historyProbe, type PastRun, parseHistory } from "../run/history.ts";
import { STATE_PATHS } from "../run/host-state.ts";
import { type Session, SessionError } from "../run/session.ts";
import { askHosts, codeOf } from "./exec.ts";
import { wholeNumber } from "./number.ts";
import { parseOptions, UsageError } from "./options.ts";
import { runProgram, say } from "./program.ts";

const HELP = `usage: npx zx playbooks/history.mts PATTERN [RUNS] [options]

Tells what the last runs (10) changed on each host: when, who, by which playbook and commit, and what.
Options are those of playbooks: -i -l -f -u -K -k --private-key --timeout --json (a run a line).

exit: 0 fine, 1 usage or inventory error, 2 a host failed, 4 a host was unreachable`;

/** Runs the program that reads hosts' journals, when its file was started. */
export async function runHistory(url: string): Promise<void> {
  await runProgram(url, async (args, program) => {
    const options = parseOptions(args, { takesWords: true, program });
    if (options.help) return say(HELP);
    const [pattern, count, ...more] = options.words;
    if (pattern === undefined || more.length > 0)
      throw new UsageError({
        found: options.words.join(" ") || "nothing",
        expected: "a host or pattern, and how many runs",
      });
    const runs = wholeNumber("RUNS", count, 10, 1);
    const answers = await askHosts(options, { pattern, become: true, schemas: [] }, historyOf);
    for (const answer of answers) {
      if (!("value" in answer)) continue;
      const last = answer.value.slice(-runs);
      for (const line of options.json
        ? last.map((run) => JSON.stringify({ host: answer.host, ...run }))
        : told(answer.host, last))
        say(line);
    }
    return codeOf(answers, () => true);
  });
}

async function historyOf(session: Session): Promise<readonly PastRun[]> {
  const { sections } = await session.probe([historyProbe(STATE_PATHS)]);
  if (sections[0]?.status !== 0) throw new SessionError(`the journal cannot be read: ${sections[0]?.stderr ?? ""}`);
  return parseHistory(sections[0].stdout);
}

/** The lines about one host. */
export function told(host: string, runs: readonly PastRun[]): readonly string[] {
  if (runs.length === 0) return [`${host}  no run has changed anything here`];
  return runs.flatMap(({ time, run, operator, playbook, commit, deeds }) => [
    harmless(`${host}  ${time}  run ${run}  ${operator}  ${playbook}${commit === "" ? "" : `  ${commit}`}`),
    ...deeds.map((deed) => harmless(`  ${deedText(deed)}`)),
  ]);
}

function deedText({ kind, name, fields }: Deed): string {
  return `${kind.padEnd(7)}  ${name}${fields.length > 0 ? `  ${fields.join(", ")}` : ""}`;
}
