import { limit } from "../connection/limit.ts";
import type { Facts } from "../facts/facts.ts";
import { selectHosts } from "../inventory/pattern.ts";
import { harmless } from "../report/terminal.ts";
import type { Failure } from "../run/event.ts";
import { failureOf } from "../run/failure.ts";
import { maskText } from "../run/mask.ts";
import type { Session } from "../run/session.ts";
import { sessionPool } from "../run/session-pool.ts";
import { masker } from "../shell/secret.ts";
import { sh } from "../shell/sh.ts";
import { type Options, parseOptions, UsageError } from "./options.ts";
import { passwordsOf } from "./passwords.ts";
import { askPassword, connector, loadFor, runProgram, say, stderr } from "./program.ts";

const EXEC_HELP = `usage: npx zx playbooks/exec.mts PATTERN [options] -- COMMAND

Runs a command on the hosts of a pattern, as the user that logs in (-b: as root), and prints what each said.
One word is a line for sh ('df -h | tail -1'), several are a command and its arguments. Options are those of playbooks:
-i -l -e -f -u -b -K -k --private-key --timeout --rebuilt --accept-new.

exit: 0 the command ended with 0 everywhere, 1 usage or inventory error, 2 it did not, 4 a host was unreachable`;

const FACTS_HELP = `usage: npx zx playbooks/facts.mts PATTERN [options]

Prints what each host says of itself, one JSON object a host. Options as for exec.mts.`;

/** What one host answered, or why it did not. */
export type Answer<T> =
  | { readonly host: string; readonly value: T }
  | { readonly host: string; readonly failure: Failure };

/** Runs the program that sends one command to many hosts, when its file (`import.meta.url`) was started. */
export async function runExec(url: string): Promise<void> {
  await runProgram(url, async (args) => {
    const at = args.indexOf("--");
    const options = parseOptions(at < 0 ? args : args.slice(0, at), { takesWords: true });
    if (options.help) return say(EXEC_HELP);
    const words = at < 0 ? [] : args.slice(at + 1);
    if (words.length === 0) throw new UsageError("found no command, expected: PATTERN -- COMMAND (--help says more)");
    const line = words.length === 1 ? (words[0] ?? "") : sh`${words}`.text;
    const answers = await askHosts(options, options.become, async (session) => {
      const [section] = (await session.probe([sh`sh -c ${line}`])).sections;
      return section ?? { status: 255, stdout: "", stderr: "no answer" };
    });
    for (const answer of answers) {
      if ("failure" in answer) continue;
      const { status, stdout, stderr: errors } = answer.value;
      say(`${answer.host} | exit ${status}\n${indented(stdout)}${indented(errors)}`.trimEnd());
    }
    return codeOf(answers, ({ status }) => status === 0);
  });
}

/** Runs the program that prints the facts of hosts, when its file was started. */
export async function runFacts(url: string): Promise<void> {
  await runProgram(url, async (args) => {
    const options = parseOptions(args, { takesWords: true });
    if (options.help) return say(FACTS_HELP);
    const answers = await askHosts<Facts>(options, options.become, async ({ facts }) => facts);
    for (const answer of answers) if ("value" in answer) say(JSON.stringify({ host: answer.host, ...answer.value }));
    return codeOf(answers, () => true);
  });
}

/** Asks the hosts that the one word of the options is a pattern of. Throws `UsageError`. */
export async function askHosts<T>(
  options: Options,
  become: boolean,
  ask: (session: Session) => Promise<T>,
): Promise<readonly Answer<T>[]> {
  const [pattern, ...more] = options.words;
  if (pattern === undefined || more.length > 0)
    throw new UsageError(`found ${options.words.length} patterns, expected one (--help says more)`);
  const inventory = await loadFor(options);
  const allowed = options.limit === undefined ? undefined : new Set(selectHosts(inventory, options.limit));
  const names = selectHosts(inventory, pattern).filter((name) => allowed?.has(name) ?? true);
  if (names.length === 0)
    throw new UsageError(`the pattern "${pattern}" matches no host of ${inventory.files.join(", ")}`);
  const hosts = names.flatMap((name) => inventory.hosts.get(name) ?? []);
  const passwords = await passwordsOf(hosts, [], process.env);
  const becomePassword = options.askBecomePass ? await askPassword("BECOME password: ") : undefined;
  const password = options.askPass ? await askPassword("SSH password: ") : undefined;
  const pool = sessionPool({ connect: connector(options, inventory, password), emit: () => undefined, becomePassword });
  const mask = masker([...passwords, becomePassword, password].filter((one) => one !== undefined));
  const forks = limit(options.forks);
  const answers = await Promise.all(
    hosts.map((host) =>
      forks(async (): Promise<Answer<T>> => {
        try {
          return { host: host.name, value: await ask(await pool.open(host, become)) };
        } catch (error) {
          return { host: host.name, failure: failureOf(error) };
        }
      }),
    ),
  );
  await pool.close();
  return answers.map((answer) => maskText(answer, mask));
}

/** Tells of the hosts that could not be asked, and returns the exit code. */
export function codeOf<T>(answers: readonly Answer<T>[], isFine: (value: T) => boolean): number {
  for (const answer of answers) {
    if (!("failure" in answer)) continue;
    const { kind, message, hint } = answer.failure;
    const { host } = answer;
    const why = message.startsWith(`${host}: `) ? message.slice(host.length + 2) : message;
    const next = hint ? `\n  next: ${harmless(hint)}` : "";
    stderr().write(`${kind.toUpperCase()} ${harmless(host)}: ${harmless(why)}${next}\n`);
  }
  if (answers.some((answer) => ("failure" in answer ? answer.failure.kind !== "unreachable" : !isFine(answer.value))))
    return 2;
  return answers.some((answer) => "failure" in answer) ? 4 : 0;
}

function indented(text: string): string {
  if (text === "") return "";
  // Not as a list of lines: a host may send many millions of them.
  return `${text.replace(/\n$/, "")}\n`.replaceAll(/[^\n]*\n/g, (line) => `  ${harmless(line.slice(0, -1))}\n`);
}
