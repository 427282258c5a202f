import type {
  Failure,
  Finding,
  HostEvent,
  HostResult,
  Place,
  PlannedStep,
  ResourceRef,
  Rollback,
  RunEvent,
} from "../run/event.ts";
import { differences } from "./recap.ts";
import { failureLine } from "./terminal.ts";
import { type Element, xmlDocument } from "./xml.ts";

/** Collects events; `xml` makes the document of those that came so far, whole at any time. */
export interface JunitReport {
  emit(event: RunEvent): void;
  xml(): string;
}

interface Case extends ResourceRef {
  /** The other host that it is held on. */
  readonly on: string | undefined;
  outcome: "ok" | "changed" | "would change" | "planned" | "undone";
  step?: PlannedStep;
}

interface Suite {
  readonly cases: Map<string, Case>;
  readonly handlers: Set<string>;
  readonly findings: Finding[];
  system: string | undefined;
  failure: Failure | undefined;
}

/** Returns a report for CI systems: a suite a host, a case a resource or handler. `failOnChanges` as on the command line. */
export function junitReport({ failOnChanges }: { readonly failOnChanges: boolean }): JunitReport {
  const suites = new Map<string, Suite>();
  let started: (RunEvent & { kind: "started" }) | undefined;
  let finished: (RunEvent & { kind: "finished" }) | undefined;
  let refused: readonly Failure[] = [];
  const suiteOf = (host: string): Suite => {
    const suite = suites.get(host) ?? newSuite();
    suites.set(host, suite);
    return suite;
  };
  return {
    emit(event) {
      if (event.kind === "started") started = event;
      if (event.kind === "started") event.hosts.forEach(suiteOf);
      if (event.kind === "finished") finished = event;
      if (event.kind === "refused") refused = event.failures;
      if ("host" in event) note(suiteOf(event.host), event, started?.check ?? false);
    },
    xml() {
      const hosts = [...suites].map(([host, suite]) =>
        suiteElement(host, suite, { failOnChanges, result: finished?.results.find((one) => one.host === host) }),
      );
      const elements = started ? hosts : [unbegun(refused)];
      const attributes = {
        name: started?.playbook ?? "hostwright",
        ...totals(elements),
        time: time(finished?.durationMs),
      };
      return xmlDocument({ name: "testsuites", attributes, children: elements });
    },
  };
}

function newSuite(): Suite {
  return { cases: new Map(), handlers: new Set(), findings: [], system: undefined, failure: undefined };
}

function note(suite: Suite, event: HostEvent, check: boolean): void {
  const put = ({ type, id, place }: ResourceRef, outcome: Case["outcome"], step?: PlannedStep): void => {
    const one = { type, id, place, on: event.on, outcome, ...(step && { step }) };
    const before = suite.cases.get(nameOf(one));
    // What was changed once stays changed, though the next pass finds it in sync.
    if (before?.outcome === "changed" && outcome === "ok") return;
    suite.cases.set(nameOf(one), one);
  };
  if (event.kind === "connected") suite.system = event.system;
  if (event.kind === "handled") for (const name of event.handlers) suite.handlers.add(name);
  if (event.kind === "found") suite.findings.push(event.finding);
  if (event.kind === "failed") suite.failure = event.failure;
  if (event.kind === "failed") for (const ref of event.failure.rollback?.resources ?? []) put(ref, "undone");
  if (event.kind === "applied") for (const step of event.steps) put(step, "changed", step);
  if (event.kind !== "planned") return;
  for (const ref of event.inSync) put(ref, "ok");
  for (const step of event.steps) put(step, check ? "would change" : "planned", step);
  for (const step of event.later) put(step, "planned", step);
}

interface SuiteOptions {
  readonly failOnChanges: boolean;
  readonly result: HostResult | undefined;
}

function suiteElement(host: string, suite: Suite, { failOnChanges, result }: SuiteOptions): Element {
  const failure = result ? result.failure : suite.failure;
  const failed = failure?.step && [...suite.cases.values()].some((one) => isOf(failure, one));
  const cases = [
    ...(failure && !failed && !failure.checks
      ? [problem(host, failure)]
      : suite.system
        ? [element(host, "reachable", [])]
        : []),
    ...[...suite.cases.values()].map((one) => caseElement(host, one, { failOnChanges, failure })),
    ...[...suite.handlers].map((name) => element(host, `handler ${name}`, [])),
    ...suite.findings.map((finding) => findingElement(host, finding)),
    ...(result || failure ? [] : [unfinished(host)]),
  ];
  const properties = suite.system
    ? [{ name: "properties", children: [{ name: "property", attributes: { name: "system", value: suite.system } }] }]
    : [];
  const attributes = { name: host, hostname: host, ...countCases(cases), time: time(result?.durationMs) };
  return { name: "testsuite", attributes, children: [...properties, ...cases] };
}

function caseElement(
  host: string,
  one: Case,
  { failOnChanges, failure }: { readonly failOnChanges: boolean; readonly failure: Failure | undefined },
): Element {
  const name = nameOf(one);
  const changes = one.step?.changes.map(({ field }) => field).join(", ");
  if (failure && isOf(failure, one)) return element(host, name, [failureElement(failure)], one.place);
  if (one.outcome === "planned")
    return element(host, name, [skipped("not reached: the run ended before it")], one.place);
  if (one.outcome === "undone")
    return element(host, name, [skipped("changed, and put back as it was: see the failure")], one.place);
  if (one.outcome === "would change" && failOnChanges && !one.step?.condition) {
    const edited = one.step?.cause === "edited" ? " (edited on the host since the last run)" : "";
    const attributes = { type: "changes", message: `would change: ${changes}${edited}` };
    return element(host, name, [{ name: "failure", attributes, text: differences(one.step).join("\n") }], one.place);
  }
  const said = one.step ? [{ name: "system-out", text: `${saidOf(one)}: ${changes}` }] : [];
  return element(host, name, said, one.place);
}

/** A condition is waited for, and nothing is changed. */
function saidOf({ outcome, step }: Case): string {
  if (!step?.condition) return outcome;
  return outcome === "changed" ? "waited for" : "would wait for";
}

/** A failure without a case of its own: the host was not reached, is locked, a handler failed, or what was only looked at. */
function problem(host: string, failure: Failure): Element {
  const { kind, step, on, handler, place } = failure;
  const name = step ? nameOf({ ...step, on }) : handler === undefined ? PROBLEMS[kind] : `handler ${handler}`;
  return element(host, name, [failureElement(failure)], place);
}

const PROBLEMS: Readonly<Record<Failure["kind"], string>> = {
  refused: "usage and inventory",
  unreachable: "reachable",
  locked: "not locked",
  failed: "run",
  interrupted: "run",
};

/** The suite of a run that contacted no host. */
function unbegun(refused: readonly Failure[]): Element {
  const cases = refused.length > 0 ? refused.map((failure) => problem("run", failure)) : [unfinished("run")];
  return { name: "testsuite", attributes: { name: "run", ...countCases(cases) }, children: cases };
}

function findingElement(host: string, { name, outcome, text, hint }: Finding): Element {
  const children = {
    works: () => [{ name: "system-out", text }],
    broken: () => [failureElement({ kind: "failed", message: text, hint })],
    unproven: () => [skipped(text)],
  };
  return element(host, `check ${name}`, children[outcome]());
}

function failureElement(failure: Failure): Element {
  const { kind, message, found, expected, step, stderr, rollback, hint } = failure;
  const text = [
    message,
    ...(found !== undefined && !step ? [`found ${found}`] : []),
    ...(expected !== undefined && !step ? [`expected ${expected}`] : []),
    ...differences(step),
    ...(stderr ? ["stderr:", stderr] : []),
    ...(rollback ? rollbackText(rollback) : []),
    ...(hint ? [`next: ${hint}`] : []),
  ];
  const attributes = { type: kind, message: failureLine(failure) };
  return { name: kind === "failed" ? "failure" : "error", attributes, text: text.join("\n") };
}

function rollbackText({ resources, left, works, stderr }: Rollback): readonly string[] {
  const names = (all: readonly ResourceRef[]) => all.map(({ type, id }) => `${type} ${id}`).join(", ");
  return [
    `undone, ${works ? "and works" : "and does not work"}: ${names(resources) || "nothing"}`,
    ...(left.length > 0 ? [`cannot go back: ${names(left)}`] : []),
    ...(stderr ? [stderr] : []),
  ];
}

function unfinished(host: string): Element {
  const message = "the run ended before this was done";
  return element(host, "run", [{ name: "error", attributes: { type: "interrupted", message } }]);
}

function skipped(message: string): Element {
  return { name: "skipped", attributes: { message } };
}

function element(host: string, name: string, children: readonly Element[], place?: Place): Element {
  const attributes = { classname: host, name, file: place?.file, line: place?.line };
  return { name: "testcase", attributes, children };
}

function nameOf({ type, id, on }: Pick<Case, "type" | "id" | "on">): string {
  return on === undefined ? `${type} ${id}` : `${type} ${id} on ${on}`;
}

function isOf({ step, on }: Failure, one: Case): boolean {
  return step !== undefined && nameOf({ ...step, on }) === nameOf(one);
}

function countCases(cases: readonly Element[]): Readonly<Record<string, number>> {
  const having = (child: string) =>
    cases.filter(({ children = [] }) => children.some(({ name }) => name === child)).length;
  return { tests: cases.length, failures: having("failure"), errors: having("error"), skipped: having("skipped") };
}

function totals(suites: readonly Element[]): Readonly<Record<string, number>> {
  return countCases(suites.flatMap(({ children = [] }) => children.filter(({ name }) => name === "testcase")));
}

function time(durationMs: number | undefined): string | undefined {
  return durationMs === undefined ? undefined : (durationMs / 1000).toFixed(3);
}
