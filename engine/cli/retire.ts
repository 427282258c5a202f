import { randomBytes } from "node:crypto";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Host, Inventory } from "../inventory/inventory.ts";
import { harmless } from "../report/terminal.ts";
import type { Playbook } from "../role/playbook.ts";
import { type Assignment, assignments, readIn } from "../run/assignment.ts";
import type { HostEvent } from "../run/event.ts";
import { STATE_PATHS } from "../run/host-state.ts";
import { orphansOf } from "../run/orphans.ts";
import { type Scope, scopeOf } from "../run/record.ts";
import { type Retired, type RetireOptions, retire } from "../run/retire.ts";
import { type Going, ofInventory } from "../run/retirement.ts";
import type { Session } from "../run/session.ts";
import { type Answer, askHosts, codeOf } from "./exec.ts";
import { inventoryNames } from "./inventory-names.ts";
import { type Options, parseOptions, UsageError } from "./options.ts";
import { commit, operator, runProgram, say, stderr } from "./program.ts";
import { describedOn } from "./rehearsal.ts";

const HELP = `usage: npx zx playbooks/retire.mts HOST... [options]

Removes from hosts (or patterns) what runs with this inventory made there: units, users, files, packages, containers, images. What was
there before stays, or comes back, and so does what others use. Data stay unless told otherwise; what stays is listed, and why.

      --orphans     only what no role describes any more: a service that was switched off
      --with-data   data too: volumes, what units keep, folders with all in them
  -C, --check       change nothing, say what would go
      --lock-wait TIME   wait for a run on a host (0)
and those of playbooks: -i -l -e -f -u -K -k --private-key --timeout --json (a host a line)

exit: 0 fine, 1 usage or inventory error, 2 a host failed, 4 a host was unreachable, 5 locked`;

const FLAGS = ["orphans", "with-data"];

/** Runs the program that removes from hosts what a playbook (`playbookUrl` is its file) made there, when its own file was started. */
export async function runRetire(playbook: Playbook, playbookUrl: string, url: string): Promise<void> {
  await runProgram(url, async (args, program) => {
    const options = parseOptions(args, { takesWords: true, own: FLAGS, program });
    if (options.help) return say(HELP);
    checkOptions(options);
    const site = relative(process.cwd(), fileURLToPath(playbookUrl));
    const { schemas } = await readIn(playbook);
    const hosts = { pattern: options.words.join(","), become: true, schemas };
    const ofCheckout = await commit();
    const operation = {
      run: randomBytes(4).toString("hex"),
      operator: operator(),
      playbook: program,
      commit: ofCheckout,
    };
    const answers = await askHosts(options, hosts, async (session, { host, inventory }) => {
      const scope = scopeOf(await inventoryNames(inventory.files), { playbook: site });
      const plays = options.flags.has("orphans") ? await assignments(playbook, inventory, undefined) : [];
      const going = goingOf(options, scope, { session, host, inventory, plays });
      return retire(session, { ...retireOptions(options, host), operation, going, scope });
    });
    for (const answer of answers)
      if ("value" in answer) for (const line of told(answer.host, answer.value, options)) say(line);
    const done = answers.filter((one) => "value" in one && one.value.isForgotten).map(({ host }) => host);
    if (done.length > 0 && !options.json && !options.check) say(nextText(done, site));
    return exitCode(answers);
  });
}

function checkOptions({ words, tags, skipTags }: Options): void {
  if (words.length === 0) throw new UsageError({ found: "no host", expected: "HOST... (--help says more)" });
  if (tags.length + skipTags.length > 0)
    throw new UsageError({
      found: "tags",
      expected: "none: to take one service out, switch it off in the vars, then run with --orphans",
    });
}

interface Machine {
  readonly session: Session;
  readonly host: Host;
  readonly inventory: Inventory;
  readonly plays: readonly Assignment[];
}

function goingOf({ flags }: Options, scope: Scope, { session, host, inventory, plays }: Machine): Going {
  const withData = flags.has("with-data");
  if (!flags.has("orphans")) return { ...ofInventory(scope), withData };
  return { ...orphansOf(describedOn(host, session.facts, plays, inventory), scope), withData };
}

function retireOptions(
  { check, lockWaitSeconds }: Options,
  { name }: Host,
): Pick<RetireOptions, "check" | "lockWaitSeconds" | "host" | "paths" | "emit"> {
  const emit = (event: HostEvent): void => {
    if (event.kind === "waiting") stderr().write(`${harmless(`${name}  waits for ${event.reason}`)}\n`);
  };
  return { check, lockWaitSeconds, host: name, paths: STATE_PATHS, emit };
}

const NO_ORPHANS = "nothing is noted here that no role describes any more";
const NOTHING =
  "nothing is noted here as made by a run with this inventory: none was here, or only ones of an older version";

/** The lines about one host. */
export function told(
  host: string,
  retired: Retired,
  { check, json, flags }: Pick<Options, "check" | "json" | "flags">,
) {
  if (json) return [JSON.stringify({ host, check, ...retired })];
  const { removed, left, failed, isKnown } = retired;
  if (!isKnown) return [`${host}  ${flags.has("orphans") ? NO_ORPHANS : NOTHING}`];
  const line = (word: string, text: string) => harmless(`${host}  ${word.padEnd(check ? 12 : 7)}  ${text}`);
  return [
    ...removed.map((title) => line(check ? "would remove" : "removed", title)),
    ...left.map(({ title, why }) => line(check ? "would leave" : "left", `${title}: ${why}`)),
    ...failed.map(({ title, why }) => line("failed", `${title}: ${why}`)),
    `${host}  ${summary(retired, { check, flags })}`,
  ];
}

function summary(
  { removed, left, failed, isForgotten }: Retired,
  { check, flags }: Pick<Options, "check" | "flags">,
): string {
  const counts = `${removed.length} removed, ${left.length} left${failed.length > 0 ? `, ${failed.length} failed: run it again once that is mended` : ""}`;
  if (check) return `${removed.length} would be removed, ${left.length} left; nothing was changed`;
  if (isForgotten) return `${counts}; the journal and all that runs noted here are gone too`;
  return flags.has("orphans") || failed.length > 0 ? counts : `${counts}; what runs noted here for others stays`;
}

function nextText(hosts: readonly string[], site: string): string {
  return `Next: take ${hosts.join(", ")} out of the inventory, then run ${site} for the hosts that stay: what they hold of ${hosts.length > 1 ? "these" : "it"} goes then.`;
}

function exitCode(answers: readonly Answer<Retired>[]): number {
  const code = codeOf(answers, ({ failed }) => failed.length === 0);
  const kinds = new Set(answers.map((one) => ("failure" in one ? one.failure.kind : undefined)));
  const isOnlyLocked =
    kinds.has("locked") &&
    !kinds.has("failed") &&
    answers.every((one) => "failure" in one || one.value.failed.length === 0);
  return code === 2 && isOnlyLocked ? 5 : code;
}
