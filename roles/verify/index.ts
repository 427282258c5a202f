import { randomBytes } from "node:crypto";
import { type Asker, type Finding, type HostVars, type Inquiry, type Said, type Site, sh } from "hostwright";
import { appVars } from "../app/vars.ts";
import { groups, monitoringHost } from "../hosts.ts";
import { monitoringVars } from "../monitoring/vars.ts";
import type { Occasion, Proof } from "../proof.ts";
import { type Begun, firstLoss } from "./loss.ts";
import { proofsOf, provenWith } from "./proofs.ts";

/** Waiting this long is no waste yet; then it is asked whether anything on the way is down. */
const LOOK_AFTER_MS = 10_000;
const ROUND_MS = 1000;
const NOTHING: Said = { status: 1, stdout: "", stderr: "not asked" };

/** Sends from each app host what an application sends, and reads it, and the metrics of its services, back through Grafana. */
export const verification: Inquiry = {
  name: "verify",
  hosts: groups.app,
  needs: appVars,
  reads: [monitoringVars],
  consults: groups.monitoring,
  asks: verify(),
};

interface Round {
  readonly asker: Asker;
  readonly now: () => number;
  readonly started: number;
  readonly monitoring: HostVars;
}

/** Returns what proves; `now` is a clock in milliseconds. */
export function verify(now: () => number = Date.now): Inquiry["asks"] {
  return async (asker) => {
    const [first] = asker.sites;
    if (!first) return undefined;
    for (const site of asker.sites) for (const line of provenWith(site)) asker.note(site.host.name, line);
    const monitoring = monitoringHost(first);
    const wanted = asker.sites.flatMap((site) =>
      proofsOf(site, occasion(now())).map((proof) => ({ host: site.host.name, proof })),
    );
    const before = await asker.ask(
      monitoring.name,
      wanted.map(({ proof }) => proof.before ?? sh`:`),
    );
    const ready = wanted.map((one, index) => ({ ...one, before: before[index] ?? NOTHING }));
    try {
      const begun = await begin(asker, asker.sites, ready);
      // From here on: what has just been restarted was waited for.
      await readBack(begun, { asker, now, started: now(), monitoring });
    } finally {
      await Promise.all(asker.sites.map(({ host }) => tidy(asker, host.name, wanted)));
    }
    return undefined;
  };
}

/** Letters only: a pattern for rotated files must not take digits for a date. */
function occasion(nowMs: number): Occasion {
  const id = [...randomBytes(10)].map((byte) => String.fromCharCode(97 + (byte % 26))).join("");
  return { id, traceId: randomBytes(16).toString("hex"), nowMs };
}

/** Sends on all hosts side by side, tells what that says already, and returns what is to be read back. */
async function begin(
  asker: Asker,
  sites: readonly Site[],
  wanted: readonly Omit<Begun, "sent">[],
): Promise<readonly Begun[]> {
  const begun = await Promise.all(
    sites.map(async ({ host: { name } }) => {
      const own = wanted.filter(({ host }) => host === name);
      const said = await asker.ask(
        name,
        own.map(({ proof }) => proof.send ?? sh`:`),
      );
      return own.map((one, index): Begun => ({ ...one, sent: said[index] ?? NOTHING }));
    }),
  );
  return begun.flat().filter(({ host, proof, sent }) => {
    const { findings, goesOn } = proof.sent?.(sent) ?? { findings: [], goesOn: true };
    for (const finding of findings) asker.tell(host, finding);
    return goesOn;
  });
}

async function readBack(begun: readonly Begun[], round: Round): Promise<void> {
  const { asker, now, started } = round;
  let open = begun;
  for (let looked = false; open.length > 0; ) {
    const elapsed = now() - started;
    const overdue = new Set(open.filter(({ proof }) => elapsed > proof.patienceMs));
    const looks: boolean = overdue.size > 0 || (!looked && elapsed > LOOK_AFTER_MS);
    looked ||= looks;
    // Asked before the question itself: what arrives in between has arrived.
    const losses = looks ? await firstLoss(open, asker) : new Map<Begun, never>();
    open = (await unanswered(open, round)).filter((one) => {
      const loss = losses.get(one);
      if (!overdue.has(one) && !loss?.certain) return true;
      report(asker, one, { outcome: "broken", ...(loss ?? inexplicable(one.proof)) }, elapsed);
      return false;
    });
    if (open.length > 0) await asker.pause(ROUND_MS);
  }
}

/** Asks all questions once, reports those that have their answer, and returns the others. */
async function unanswered(
  open: readonly Begun[],
  { asker, now, started, monitoring }: Round,
): Promise<readonly Begun[]> {
  const said = await asker.ask(
    monitoring.name,
    open.map(({ proof, before, sent }) => proof.question(before, sent)),
  );
  return open.filter((one, index) => {
    const verdict = one.proof.judge(said[index] ?? NOTHING, one.before, one.sent);
    if (verdict) report(asker, one, { outcome: verdict.isRight ? "works" : "broken", ...verdict }, now() - started);
    return !verdict;
  });
}

function report(
  asker: Asker,
  { host, proof: { name } }: Begun,
  { outcome, text, hint }: Pick<Finding, "outcome" | "text" | "hint">,
  durationMs: number,
): void {
  asker.tell(host, { name, outcome, text, durationMs, ...(hint ? { hint } : {}) });
}

function inexplicable({ patienceMs }: Proof): Pick<Finding, "text" | "hint"> {
  return {
    text: `nothing came within ${patienceMs / 1000} s, and every hop that can be asked says it is fine`,
    hint: "run it again; if it stays so, compare the clocks of the hosts",
  };
}

async function tidy(
  asker: Asker,
  host: string,
  wanted: readonly { readonly host: string; readonly proof: Proof }[],
): Promise<void> {
  const scripts = wanted.flatMap((one) => (one.host === host && one.proof.tidy ? [one.proof.tidy] : []));
  if (scripts.length > 0) await asker.ask(host, scripts);
}
