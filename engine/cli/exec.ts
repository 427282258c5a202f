import { limit } from "../connection/limit.ts";
import type { Facts } from "../facts/facts.ts";
import { unlockSecrets } from "../inventory/age.ts";
import type { Host, Inventory } from "../inventory/inventory.ts";
import { selectHosts, selectPlayHosts } from "../inventory/pattern.ts";
import { failureLines } from "../report/recap.ts";
import { harmless } from "../report/terminal.ts";
import type { Playbook } from "../role/playbook.ts";
import type { Schema } from "../role/schema.ts";
import { readIn } from "../run/assignment.ts";
import type { Failure } from "../run/event.ts";
import { failureOf } from "../run/failure.ts";
import { maskText } from "../run/mask.ts";
import type { Session } from "../run/session.ts";
import { sessionPool } from "../run/session-pool.ts";
import { secretsToHide } from "../run/vars.ts";
import { isHidable } from "../run/weak-secrets.ts";
import { masker } from "../shell/secret.ts";
import { sh } from "../shell/sh.ts";
import { checkKeys } from "./keys.ts";
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

/** Runs the program that sends one command to many hosts, when its file (`import.meta.url`) was started; it hides the secrets of this playbook's roles. */
export async function runExec(playbook: Playbook, url: string): Promise<void> {
  await runProgram(url, async (args, program) => {
    const at = args.indexOf("--");
    const options = parseOptions(at < 0 ? args : args.slice(0, at), { takesWords: true, program });
    if (options.help) return say(EXEC_HELP);
    const words = at < 0 ? [] : args.slice(at + 1);
    if (words.length === 0) throw new UsageError("found no command, expected: PATTERN -- COMMAND (--help says more)");
    const line = words.length === 1 ? (words[0] ?? "") : sh`${words}`.text;
    const { schemas } = await readIn(playbook);
    const hosts = { pattern: onePattern(options), become: options.become, schemas };
    const answers = await askHosts(options, hosts, async (session) => {
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
  await runProgram(url, async (args, program) => {
    const options = parseOptions(args, { takesWords: true, program });
    if (options.help) return say(FACTS_HELP);
    const hosts = { pattern: onePattern(options), become: options.become, schemas: [] };
    const answers = await askHosts<Facts>(options, hosts, async ({ facts }) => facts);
    for (const answer of answers) if ("value" in answer) say(JSON.stringify({ host: answer.host, ...answer.value }));
    return codeOf(answers, () => true);
  });
}

/** Whom to ask, and whose secrets nothing may show. */
export interface Question {
  readonly pattern: string;
  /** The pattern is a program's own: its groups need not be in every inventory. */
  readonly isOwn?: boolean;
  /** Ask as root. */
  readonly become: boolean;
  /** Of the vars of these hosts. */
  readonly schemas: readonly Schema[];
}

function onePattern({ words: [pattern, ...more] }: Options): string {
  if (pattern !== undefined && more.length === 0) return pattern;
  const count = pattern === undefined ? 0 : more.length + 1;
  throw new UsageError({ found: `${count} patterns`, expected: "one (--help says more)" });
}

/** Asks the hosts of a pattern. Every text of an answer is masked. Throws `UsageError`. */
export async function askHosts<T>(
  options: Options,
  { pattern, isOwn = false, become, schemas }: Question,
  ask: (session: Session, about: { readonly host: Host; readonly inventory: Inventory }) => Promise<T>,
): Promise<readonly Answer<T>[]> {
  const inventory = await loadFor(options, schemas);
  const allowed = options.limit === undefined ? undefined : new Set(selectHosts(inventory, options.limit));
  const select = isOwn ? selectPlayHosts : selectHosts;
  const names = select(inventory, pattern).filter((name) => allowed?.has(name) ?? true);
  if (names.length === 0)
    throw new UsageError(`the pattern "${pattern}" matches no host of ${inventory.files.join(", ")}`);
  const hosts = names.flatMap((name) => inventory.hosts.get(name) ?? []);
  const passwords = await passwordsOf(hosts, [], process.env);
  await checkKeys(hosts, inventory, options);
  const becomePassword = options.askBecomePass ? await askPassword("BECOME password: ") : undefined;
  const password = options.askPass ? await askPassword("SSH password: ") : undefined;
  const pool = sessionPool({ connect: connector(options, inventory, password), emit: () => undefined, becomePassword });
  // One host may hold what another's vars say: the monitoring host the passwords of all environments.
  await unlockSecrets(
    [...inventory.hosts.values()].map(({ vars }) => vars),
    process.env,
  );
  const asked = [...passwords, becomePassword, password].filter((one) => one !== undefined);
  const mask = masker([...secretsToHide(inventory, []), ...asked].filter(isHidable(inventory)));
  const forks = limit(options.forks);
  const answers = await Promise.all(
    hosts.map((host) =>
      forks(async (): Promise<Answer<T>> => {
        try {
          return { host: host.name, value: await ask(await pool.open(host, become), { host, inventory }) };
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
    stderr().write(`${failureLines(stderr(), [answer.host], answer.failure).join("\n")}\n`);
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
