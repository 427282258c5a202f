import { harmless } from "../report/terminal.ts";
import { breakLock, lockProbe, parseLock } from "../run/host-lock.ts";
import { STATE_PATHS } from "../run/host-state.ts";
import { type Session, SessionError } from "../run/session.ts";
import { askHosts, codeOf } from "./exec.ts";
import { parseOptions, UsageError } from "./options.ts";
import { runProgram, say } from "./program.ts";

const HELP = `usage: npx zx playbooks/lock.mts status|release [PATTERN] [options]

status tells who holds the lock of each host (all of them, or those of the pattern). release takes it away: the run that held it stops
before its next change, and a change that is under way goes on to its end. The next run finds out what holds.
Options are those of playbooks: -i -l -f -u -K -k --private-key --timeout.

exit: 0 fine, 1 usage or inventory error, 2 a host failed, 4 a host was unreachable`;

/** Runs the program that tells who holds the locks of hosts, and takes them away, when its file was started. */
export async function runLock(url: string): Promise<void> {
  await runProgram(url, async (args, program) => {
    const options = parseOptions(args, { takesWords: true, program });
    if (options.help) return say(HELP);
    const [verb, pattern = "all", ...more] = options.words;
    if ((verb !== "status" && verb !== "release") || more.length > 0)
      throw new UsageError({
        found: options.words.join(" ") || "nothing",
        expected: "status or release, and a pattern",
      });
    const hosts = { pattern, become: true, schemas: [] };
    const answers = await askHosts(options, hosts, verb === "status" ? statusOf : release);
    for (const answer of answers) if ("value" in answer) say(`${answer.host}  ${harmless(answer.value)}`);
    return codeOf(answers, () => true);
  });
}

async function statusOf(session: Session): Promise<string> {
  const { holder, isBusy } = await standing(session);
  if (holder !== undefined) return `held by ${holder}`;
  return isBusy ? "free, but a script of a run that was cut is still at work" : "free";
}

async function release(session: Session): Promise<string> {
  const { holder } = await standing(session);
  if (holder === undefined) return statusOf(session);
  const { sections } = await session.probe([breakLock(STATE_PATHS)]);
  if (sections[0]?.status !== 0) throw new SessionError(`the lock cannot be released: ${sections[0]?.stderr ?? ""}`);
  const { isBusy } = await standing(session);
  return `released; it was held by ${holder}${isBusy ? ", whose script is still at work" : ""}`;
}

async function standing(session: Session): Promise<ReturnType<typeof parseLock>> {
  const { sections } = await session.probe([lockProbe(STATE_PATHS)]);
  if (sections[0]?.status !== 0) throw new SessionError(`the lock cannot be read: ${sections[0]?.stderr ?? ""}`);
  return parseLock(sections[0].stdout);
}
