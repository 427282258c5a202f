import type { Failure, OfHost, Phase, PlannedStep, RunEvent } from "../run/event.ts";
import { diffLines } from "./diff.ts";
import { countsOf, failureLines, sameFailures, summary } from "./recap.ts";
import { harmlessLines, hostLabel, placeText, seconds } from "./terminal.ts";
import { type Element, htmlDocument } from "./xml.ts";

/** Collects events; `html` makes the page of those that came so far, whole at any time. */
export interface HtmlReport {
  emit(event: RunEvent): void;
  html(): string;
}

/** What a host did for some time, in milliseconds since the run began. */
interface Span {
  readonly host: string;
  readonly phase: Phase | "waiting";
  readonly from: number;
  readonly to: number;
}

interface Change {
  readonly host: string;
  readonly verb: string;
  readonly step: PlannedStep;
}

/** All that the page shows. */
interface Run {
  started?: RunEvent & { kind: "started" };
  finished?: RunEvent & { kind: "finished" };
  readonly failures: (readonly [Failure, readonly string[]])[];
  readonly spans: Span[];
  readonly changes: Change[];
  readonly said: string[];
}

/** Returns a report for people: one page that needs nothing else, with a timeline by host, differences and failures. */
export function htmlReport(now: () => number = () => performance.now(), begun = new Date()): HtmlReport {
  const run: Run = { failures: [], spans: [], changes: [], said: [] };
  const zero = now();
  const open = new Map<string, Pick<Span, "phase" | "from">>();
  const end = (host: string): void => {
    const one = open.get(host);
    open.delete(host);
    if (one) run.spans.push({ host, ...one, to: now() - zero });
  };
  const begin = (of: OfHost, phase: Span["phase"]): void => {
    end(hostLabel(of));
    open.set(hostLabel(of), { phase, from: now() - zero });
  };
  return {
    emit(event) {
      if (event.kind === "phase") begin(event, event.phase);
      else if (event.kind === "waiting" || event.kind === "retrying") begin(event, "waiting");
      else if ("host" in event && event.kind !== "found") end(hostLabel(event));
      if (event.kind === "finished") for (const host of [...open.keys()]) end(host);
      note(run, event);
    },
    html: () => htmlDocument(page(run, begun)),
  };
}

function note(run: Run, event: RunEvent): void {
  const host = "host" in event ? hostLabel(event) : "";
  const isCheck = run.started?.check ?? false;
  switch (event.kind) {
    case "started":
      run.started = event;
      return;
    case "refused":
      run.failures.push(...event.failures.map((failure) => [failure, []] as const));
      return;
    case "planned":
      if (isCheck) run.changes.push(...event.steps.map((step) => ({ host, verb: "would change", step })));
      return;
    case "applied":
      run.changes.push(...event.steps.map((step) => ({ host, verb: step.condition ? "waited for" : "changed", step })));
      return;
    case "found":
      run.said.push(`${host}: ${event.finding.name}: ${event.finding.outcome}: ${event.finding.text}`);
      return;
    case "taken-over":
      run.said.push(`${host}: took over the lock of a run that died: ${event.holder}`);
      return;
    case "recovered":
      run.said.push(`${host}: was done before a cut: ${[...event.resources, ...event.handlers].join(", ")}`);
      return;
    case "waiting":
    case "retrying":
      run.said.push(`${host}: ${event.kind === "waiting" ? "waited for" : "tried again"}: ${event.reason}`);
      return;
    case "handled":
      run.said.push(...event.handlers.map((name) => `${host}: handler ${name}`));
      return;
    case "stopped":
      run.said.push(`stopped ${event.play}: ${event.reason}`);
      return;
    case "finished":
      run.finished = event;
      run.failures.push(...sameFailures(event.results));
      run.said.push(...new Set(event.results.flatMap(({ notes }) => notes)));
  }
}

function page(run: Run, begun: Date): Element {
  const { started, finished } = run;
  const title = `${started?.playbook ?? "refused"}${started ? ` · run ${started.run}` : ""}`;
  const about = [
    ...(started ? [`inventory ${started.inventory.join(", ")}`] : []),
    begun.toISOString().replace(/\..*/, "Z"),
    ...(started?.check ? ["check mode: nothing is changed"] : []),
    ...(finished ? [seconds(finished.durationMs), summary(finished.results)] : ["not finished"]),
  ];
  return element("html", { lang: "en" }, [
    element("head", {}, [element("meta", { charset: "utf-8" }, []), text("title", title), text("style", STYLE)]),
    element("body", {}, [
      text("h1", title),
      text("p", about.join(" · ")),
      ...section("Failures", run.failures.map(failureElement)),
      ...section("Hosts", finished ? [hostTable(finished)] : []),
      ...section("Timeline", timeline(run)),
      ...section("Changes", run.changes.map(changeElement)),
      ...section(
        "Said",
        run.said.map((line) => lines("note", harmlessLines(line))),
      ),
    ]),
  ]);
}

function failureElement([failure, hosts]: readonly [Failure, readonly string[]]): Element {
  const [head = "", ...rest] = failureLines({ colour: false }, hosts, failure);
  return element("article", { class: "failure" }, [text("h3", head), lines("lines", rest)]);
}

function hostTable({ results }: RunEvent & { kind: "finished" }): Element {
  const [first] = results;
  const heads = ["host", ...Object.keys(first ? countsOf(first) : {}), "time"];
  const rows = results.map((result) => {
    const state = result.failure ? "failed" : result.changed > 0 ? "changed" : "ok";
    const cells = [result.host, ...Object.values(countsOf(result)), seconds(result.durationMs)];
    return element(
      "tr",
      { class: state },
      cells.map((cell) => text("td", `${cell}`)),
    );
  });
  return element("table", {}, [
    element(
      "tr",
      {},
      heads.map((head) => text("th", head)),
    ),
    ...rows,
  ]);
}

/** A row a host: a bar for each thing that it did, as long as that took. */
function timeline({ spans }: Run): readonly Element[] {
  const total = Math.max(...spans.map(({ to }) => to), 1);
  const hosts = [...new Set(spans.map(({ host }) => host))];
  const share = (ms: number) => `${((100 * ms) / total).toFixed(2)}%`;
  const bar = ({ phase, from, to }: Span) =>
    element(
      "span",
      {
        class: `bar ${phase}`,
        style: `left:${share(from)};width:${share(to - from)}`,
        title: `${phase} ${seconds(to - from)}, from ${seconds(from)} on`,
      },
      [],
    );
  const rows = hosts.map((host) =>
    element("div", { class: "row" }, [
      text("b", host),
      element("div", { class: "track" }, spans.filter((span) => span.host === host).map(bar)),
    ]),
  );
  const phases = [...new Set(spans.map(({ phase }) => phase))];
  const legend = phases.map((phase) => text("span", phase, { class: `key ${phase}` }));
  return rows.length === 0
    ? []
    : [...rows, element("p", { class: "legend" }, [...legend, text("span", `0 to ${seconds(total)}`)])];
}

function changeElement({ host, verb, step }: Change): Element {
  const fields = step.changes.map(({ field }) => field).join(", ");
  return element("details", {}, [
    text(
      "summary",
      `${host}: ${verb} ${step.type} ${step.id}: ${fields}${step.cause === "edited" ? " (edited on the host)" : ""}`,
    ),
    text("p", `made by ${placeText(step.place)}`),
    lines("diff", diffLines({ colour: false }, step)),
  ]);
}

function section(title: string, content: readonly Element[]): readonly Element[] {
  return content.length === 0 ? [] : [element("section", {}, [text("h2", title), ...content])];
}

function lines(name: string, all: readonly string[]): Element {
  const kind = (line: string) => ({ "+": "add", "-": "del", "@": "at" })[line.charAt(0)];
  return element(
    "div",
    { class: name },
    all.map((line) => text("div", line, name === "diff" ? { class: kind(line) } : {})),
  );
}

function element(name: string, attributes: Element["attributes"], children: readonly Element[]): Element {
  return { name, children, ...(attributes && { attributes }) };
}

function text(name: string, content: string, attributes: Element["attributes"] = {}): Element {
  return { name, text: content, attributes };
}

// None of the characters that are escaped: HTML takes a style as it stands.
const STYLE = `
:root { color-scheme: light dark; --ok: #2a7d3f; --bad: #c22f2f; --new: #b26a00; --soft: #8883 }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem; margin: 0 } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem } h3 { font-size: 1rem; margin: 0; color: var(--bad) }
table { border-collapse: collapse } th, td { text-align: right; padding: .15rem .8rem; border-bottom: 1px solid var(--soft) }
th:first-child, td:first-child { text-align: left }
tr.ok td:first-child { color: var(--ok) } tr.changed td:first-child { color: var(--new) } tr.failed td:first-child { color: var(--bad) }
.failure { border-left: .3rem solid var(--bad); padding: .3rem 1rem; margin: .5rem 0 }
.lines div, .diff div, .note div { white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.5 ui-monospace, monospace; min-height: 1.5em }
.add { background: #2a7d3f33 } .del { background: #c22f2f33 } .at { opacity: .6 }
details { margin: .2rem 0 } summary { cursor: pointer; overflow-wrap: anywhere } details p { margin: 0 1rem; opacity: .7 } .diff { margin: 0 1rem }
.row { display: flex; gap: 1rem; align-items: center } .row b { flex: 0 0 9rem; font-weight: 500; overflow-wrap: anywhere }
.track { position: relative; flex: 1; height: 1.1rem; background: var(--soft); margin: .15rem 0 }
.bar { position: absolute; top: 0; bottom: 0; min-width: 2px } .legend span { margin-right: 1rem } .key { border-left: 1rem solid; padding-left: .4rem }
.bar.connect { background: #7a8aa0 } .bar.facts { background: #5b9bd5 } .bar.probe { background: #3f6fb5 } .bar.apply { background: #d08a1d }
.bar.handlers { background: #a2589c } .bar.rollback { background: #c22f2f } .bar.prove { background: #2a7d3f } .bar.waiting { background: #b9b04a }
.key.connect { border-color: #7a8aa0 } .key.facts { border-color: #5b9bd5 } .key.probe { border-color: #3f6fb5 } .key.apply { border-color: #d08a1d }
.key.handlers { border-color: #a2589c } .key.rollback { border-color: #c22f2f } .key.prove { border-color: #2a7d3f } .key.waiting { border-color: #b9b04a }
`;
