import { fsync } from "../resource/fsync.ts";
import { type Script, sh } from "../shell/sh.ts";
import { appliedPath } from "./applied.ts";
import type { StatePaths } from "./host-state.ts";
import { type LockOptions, withLock } from "./lock.ts";
import { type MadeLook, madeProbe, parseMade } from "./made-look.ts";
import { type Recorded, recordLine, recordPath, type Scope, scopeWord } from "./record.ts";
import { type Going, type Left, planRetirement, type Retirement } from "./retirement.ts";
import { type Session, SessionError } from "./session.ts";
import { parseUnmade, reloadUnits, removalSection } from "./unmake.ts";

/** What to remove of a host, and how. */
export interface RetireOptions extends LockOptions {
  readonly going: Going;
  /** Says only what would go. */
  readonly check: boolean;
  readonly scope: Scope;
}

/** What became of a host, or would. */
export interface Retired {
  /** Titles, in their order. */
  readonly removed: readonly string[];
  readonly left: readonly Left[];
  readonly failed: readonly Left[];
  /** Whether the engine's own state and journal went too, or would: nothing of anybody is noted there any more. */
  readonly isForgotten: boolean;
  /** Whether anything was noted there that was to go; else nothing was touched. */
  readonly isKnown: boolean;
}

/** Removes what the record of a host says that we made there, under its lock; looks only, in check mode. Throws `LockedError`, `SessionError`. */
export function retire(session: Session, options: RetireOptions): Promise<Retired> {
  if (options.check) return lookAndPlan(session, options).then(({ look, plan }) => wouldBe(look, plan, options.going));
  return withLock(session, options, async (lock) => {
    await lock.take("");
    const { look, plan } = await lookAndPlan(session, options);
    if (!isKnown(plan)) return wouldBe(look, plan, options.going);
    const { withData } = options.going;
    const { paths } = options;
    const sections = plan.removals.map((removal) => removalSection(removal, { withData, paths }));
    const said = sections.length > 0 ? (await lock.run([...sections, reloadUnits], { toTheEnd: true })).sections : [];
    const outcomes = plan.removals.map((removal, index) => {
      const unmade = parseUnmade(said[index]) ?? { outcome: "failed", why: "it was not reached" };
      return { removal, unmade };
    });
    const failed = outcomes.filter(({ unmade }) => unmade.outcome === "failed").map(({ removal }) => removal);
    const rest = settled(look, plan, options.going, new Set(failed.flatMap(({ things }) => things)));
    await lock.run([keepRest(rest, paths)], { toTheEnd: true });
    const told = (outcome: "left" | "failed") =>
      outcomes.flatMap(({ removal: { title }, unmade }) =>
        unmade.outcome === outcome ? [{ title, why: unmade.why }] : [],
      );
    return {
      removed: outcomes.filter(({ unmade }) => unmade.outcome === "removed").map(({ removal }) => removal.title),
      left: [...plan.left, ...told("left")],
      failed: told("failed"),
      isForgotten: isEmpty(rest),
      isKnown: true,
    };
  });
}

async function lookAndPlan(
  session: Session,
  { paths, going }: RetireOptions,
): Promise<{ readonly look: MadeLook; readonly plan: Retirement }> {
  const [section] = (await session.probe([madeProbe(paths)])).sections;
  if (section?.status !== 0) throw new SessionError(`the record cannot be read: ${section?.stderr ?? "no answer"}`);
  const look = parseMade(section.stdout);
  return { look, plan: planRetirement(look, going) };
}

function wouldBe(look: MadeLook, plan: Retirement, going: Going): Retired {
  return {
    removed: plan.removals.map(({ title }) => title),
    left: plan.left,
    failed: [],
    isForgotten: isKnown(plan) && isEmpty(settled(look, plan, going)),
    isKnown: isKnown(plan),
  };
}

/** Where nothing is noted, the notes stay too: an older version made what it made without. */
function isKnown({ done, handed }: Retirement): boolean {
  return done.length + handed.length > 0;
}

/** What is noted of others, and of what failed. */
export interface Rest {
  readonly record: readonly string[];
  readonly applied: readonly string[];
}

function isEmpty({ record, applied }: Rest): boolean {
  return record.length === 0 && applied.length === 0;
}

/** Returns what stays noted once a retirement is done, but for these. */
export function settled(
  { found, applied, wanted }: MadeLook,
  { done, handed }: Pick<Retirement, "done" | "handed">,
  going: Pick<Going, "isOurs" | "isOther">,
  failed: ReadonlySet<Recorded> = new Set(),
): Rest {
  const over = new Set(done.filter((thing) => !failed.has(thing)));
  const heirs = new Map(handed.map(({ key }) => [key, (wanted.get(key) ?? []).find(going.isOther) ?? ""]));
  const record = found.flatMap(({ thing }) => {
    if (over.has(thing)) return [];
    const heir = handed.includes(thing) ? heirs.get(thing.key) : undefined;
    return [heir ? recordLine(thing).replace(scopeWord(thing.scope), heir) : recordLine(thing)];
  });
  const unfinished = new Set([...failed].map(({ key }) => key));
  const kept = applied.flatMap((line) => {
    const [key = "", state = "", who = ""] = line.split(" ");
    const scope = who.replace("+", "");
    const [inventory = "", playbook = ""] = scope.split(".");
    if (heirs.get(key) === scope) return [`${key} ${state} ${scope}+`];
    const isOurs = scope === "" || going.isOurs({ scope: { inventory, playbook }, key, what: "file", name: "" });
    return isOurs && !unfinished.has(key) ? [] : [line];
  });
  return { record, applied: kept };
}

/** Section that leaves only these notes; where there are none, nothing of the engine's, its journal neither. */
export function keepRest(rest: Rest, paths: StatePaths): Script {
  return isEmpty(rest) ? forgetAll(paths) : writeRest(rest, paths);
}

/** By a rename: whoever comes meanwhile waits for our lock, or has a new one that nobody takes away. */
function forgetAll({ state, log }: StatePaths): Script {
  const gone = `${state}.retired`;
  return sh`
    rm -rf -- ${log} ${gone}
    mv -T -- ${state} ${gone}
    rm -rf -- ${gone}`;
}

/** Section that leaves only these notes. */
export function writeRest(rest: Rest, paths: StatePaths): Script {
  return sh`
    ${fsync}
    put_notes() { printf '%s' "$2" >"$1.new"; fsync "$1.new"; mv -f -- "$1.new" "$1"; }
    put_notes ${recordPath(paths)} ${rest.record.map((line) => `${line}\n`).join("")}
    put_notes ${appliedPath(paths)} ${rest.applied.map((line) => `${line}\n`).join("")}`;
}
