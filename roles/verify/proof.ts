import { randomBytes } from "node:crypto";
import { type Asker, type Finding, type Inquiry, type Site, sh } from "hostwright";
import {
  applicationMetricsCheck,
  type Before,
  type Check,
  callsQuery,
  graphCheck,
  hostMetricsCheck,
  logCheck,
  ownMetricsUrl,
  rowsOf,
  traceCheck,
} from "./checks.ts";
import { type AppState, askApp, askMonitoring } from "./diagnosis.ts";
import { removeEntry, writeEntry } from "./entry.ts";
import { firstBroken, type Hop } from "./hops.ts";
import { answerOf, reach } from "./http.ts";
import { askMetricsPath, metricsPathOf, metricsPathProblem } from "./metrics-path.ts";
import { through } from "./reader.ts";
import { grpcReceipt, httpReceipt, type Receipt, sendGrpc, sendHttp } from "./send.ts";
import { isStandIn, type Sending, type Subject, subjectOf } from "./subject.ts";

function standIns({ releases }: Site): readonly string[] {
  const names = Object.keys(releases).filter((name) => /stand-in/.test(releases[name]?.source ?? ""));
  return names.length === 0
    ? []
    : [`Not proven, that upstream's own programs do the same; these are stand-ins: ${names.join(", ")}`];
}

/** What the sending told, by sending. */
type Receipts = ReadonlyMap<Sending, Receipt>;

/** Waiting this long is no waste yet; then it is asked whether anything on the way is down. */
const LOOK_AFTER_MS = 10_000;
const ROUND_MS = 1000;

/** Sends from each app host what an application sends, and reads it back through Grafana. `now` is a clock in milliseconds. */
export function proof(now: () => number = Date.now): Inquiry["asks"] {
  return async (asker) => {
    // Letters only: a pattern for rotated files must not take digits for a date.
    const id = [...randomBytes(10)].map((byte) => String.fromCharCode(97 + (byte % 26))).join("");
    const subjects = asker.sites.map((site) => subjectOf(site, id, now()));
    for (const site of asker.sites) for (const line of standIns(site)) asker.note(site.host.name, line);
    const [first] = subjects;
    if (!first) return undefined;
    const before = await lookBefore(asker, first, subjects);
    const started = now();
    try {
      const sent = await Promise.all(subjects.map((subject) => send(asker, subject, before)));
      const receipts = new Map(sent.flatMap((one) => [...one.receipts]));
      await readBack(
        sent.flatMap(({ checks }) => checks),
        { asker, receipts, now, started },
      );
    } finally {
      await Promise.all(subjects.map((subject) => tidy(asker, subject)));
    }
    return undefined;
  };
}

async function lookBefore(asker: Asker, { to }: Subject, subjects: readonly Subject[]): Promise<Before> {
  const questions = subjects.map(({ host }) => through(to, "prometheus", "/api/v1/query", { query: callsQuery(host) }));
  const [clock, ...said] = await asker.ask(to.host, [sh`date +%s`, ...questions]);
  const calls = subjects.flatMap(({ host }, index) => {
    const answer = said[index];
    const [row] = answer ? rowsOf(answerOf(answer)) : [];
    return row ? [[host, row.value] as const] : [];
  });
  return { clock: Number(clock?.stdout), calls: new Map(calls) };
}

async function send(asker: Asker, subject: Subject, before: Before) {
  const { vars, entry, host, sendings } = subject;
  const { app_metrics_known: known } = vars;
  const scripts = [
    typeof entry === "string" ? sh`:` : writeEntry(entry, vars),
    askMetricsPath(ownMetricsUrl(subject, "app"), known),
    ...sendings.map((sending) => sendScript(subject, sending)),
  ];
  const [written, path, ...said] = await asker.ask(host, scripts);
  const tell = (name: string, outcome: Finding["outcome"], text: string) => asker.tell(host, { name, outcome, text });
  const checks: Check[] = [hostMetricsCheck(subject, before)];
  if (typeof entry === "string") tell("logs", "unproven", entry);
  else if (written?.status !== 0)
    tell("logs", "broken", `${vars.app_user} on ${host} cannot write ${entry.path}: ${written?.stderr}`);
  else checks.push(logCheck(subject, entry, before));
  const problem = path && metricsPathProblem(metricsPathOf(path), known);
  const metricsUrl = ownMetricsUrl(subject, "app");
  if (!problem) tell("metrics path", "works", `${metricsUrl} has ${known}, in a format that Prometheus reads`);
  else if (vars.app_service) tell("metrics path", "broken", `${metricsUrl} on ${host}: ${problem}`);
  else
    tell(
      "metrics path",
      "unproven",
      `${metricsUrl} on ${host}: ${problem}. Is the application there yet? (docs/spring-boot.md)`,
    );
  if (!problem || vars.app_service) checks.push(applicationMetricsCheck(subject, before));
  const receipts = new Map(sendings.map((sending, index) => [sending, receiptOf(subject, sending, said[index])]));
  return { checks: [...checks, ...traceChecks(asker, subject, receipts, before)], receipts };
}

/** Of a stand-in, only whether its port is open can be asked by gRPC. */
function sendScript(subject: Subject, sending: Sending) {
  const { transport, url } = sending;
  if (transport === "HTTP") return sendHttp(sending);
  return isStandIn(subject, subject.to.vars.tempo_image) ? reach(url) : sendGrpc(sending);
}

function receiptOf(
  subject: Subject,
  { transport }: Sending,
  said = { status: 1, stdout: "", stderr: "not asked" },
): Receipt {
  if (transport === "HTTP") return httpReceipt(said);
  if (isStandIn(subject, subject.to.vars.tempo_image)) return { accepted: false, text: said.stdout.trim() };
  return grpcReceipt(said);
}

function traceChecks(asker: Asker, subject: Subject, receipts: Receipts, before: Before): readonly Check[] {
  const { host, sendings, to } = subject;
  const standIn = isStandIn(subject, to.vars.tempo_image);
  const tell = (name: string, text: string) => asker.tell(host, { name, outcome: "unproven", text });
  const checks = sendings.flatMap((sending) => {
    const { transport, url } = sending;
    if (transport !== "gRPC" || !standIn || receipts.get(sending)?.text !== "open") return traceCheck(subject, sending);
    tell(`traces by ${transport}`, `${url} is open from ${host}, but Tempo's stand-in speaks no gRPC`);
    return [];
  });
  if (standIn) tell("service graph", "Tempo's stand-in draws none");
  return standIn ? checks : [...checks, graphCheck(subject, before)];
}

interface Reading {
  readonly asker: Asker;
  readonly receipts: Receipts;
  readonly now: () => number;
  readonly started: number;
}

async function readBack(checks: readonly Check[], reading: Reading): Promise<void> {
  const { asker, now, started } = reading;
  let open = checks;
  for (let looked = false; open.length > 0; ) {
    const elapsed = now() - started;
    const overdue = new Set(open.filter(({ patienceMs }) => elapsed > patienceMs));
    const looks: boolean = overdue.size > 0 || (!looked && elapsed > LOOK_AFTER_MS);
    looked ||= looks;
    // Asked before the question itself: what arrives in between has arrived.
    const hops = looks ? await diagnose(open, reading) : new Map<Check, Hop>();
    open = (await unanswered(open, reading)).filter((check) => {
      const hop = hops.get(check);
      if (!overdue.has(check) && !hop?.certain) return true;
      report(asker, check, { outcome: "broken", ...(hop ?? inexplicable(check)) }, elapsed);
      return false;
    });
    if (open.length > 0) await asker.pause(ROUND_MS);
  }
}

/** Asks all questions once, reports those that have their answer, and returns the others. */
async function unanswered(checks: readonly Check[], { asker, now, started }: Reading): Promise<readonly Check[]> {
  const [first] = checks;
  if (!first) return [];
  const questions = checks.map(({ question }) => question);
  const said = await asker.ask(first.subject.to.host, questions);
  return checks.filter((check, index) => {
    const answer = said[index];
    const verdict = answer && check.judge(answerOf(answer));
    if (verdict) report(asker, check, { outcome: verdict.isRight ? "works" : "broken", ...verdict }, now() - started);
    return !verdict;
  });
}

function report(
  asker: Asker,
  check: Check,
  finding: Pick<Finding, "outcome" | "text" | "hint">,
  durationMs: number,
): void {
  const { outcome, text, hint } = finding;
  asker.tell(check.subject.host, { name: check.name, outcome, text, durationMs, ...(hint ? { hint } : {}) });
}

function inexplicable({ patienceMs }: Check): Pick<Hop, "text" | "hint"> {
  return {
    text: `nothing came within ${patienceMs / 1000} s, and every hop that can be asked says it is fine`,
    hint: "run it again; if it stays so, compare the clocks of the hosts",
  };
}

/** Asks every host on the way of these checks, and returns where each of them is broken. */
async function diagnose(checks: readonly Check[], { asker, receipts }: Reading): Promise<ReadonlyMap<Check, Hop>> {
  const [first] = checks;
  if (!first) return new Map();
  const subjects = [...new Set(checks.map(({ subject }) => subject))];
  const [monitoring, ...apps] = await Promise.all([
    askMonitoring(asker, checks, first.subject),
    ...subjects.map((subject) => askApp(asker, subject)),
  ]);
  const appOf = new Map<Subject, AppState | undefined>(subjects.map((subject, index) => [subject, apps[index]]));
  const found = checks.flatMap((check) => {
    const app = appOf.get(check.subject);
    const receipt = check.sending && receipts.get(check.sending);
    const hop = app && firstBroken({ check, app, monitoring, receipt });
    return hop ? [[check, hop] as const] : [];
  });
  return new Map(found);
}

async function tidy(asker: Asker, { host, vars, entry }: Subject): Promise<void> {
  if (typeof entry !== "string") await asker.ask(host, [removeEntry(entry, vars)]);
}
