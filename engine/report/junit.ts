import type { Failure, Finding, HostResult, PlannedStep, ResourceRef, RunEvent } from "../run/event.ts";
import { differences } from "./recap.ts";
import { ownerOf } from "./times.ts";
import { type Element, xmlDocument } from "./xml.ts";

/** Collects events; `xml` makes the document of those that came so far, whole at any time. */
export interface JunitReport {
  emit(event: RunEvent): void;
  xml(): string;
}

interface Case extends ResourceRef {
  outcome: "ok" | "changed" | "would change" | "planned";
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
  const suiteOf = (label: string): Suite => {
    const suite = suites.get(ownerOf(label)) ?? newSuite();
    suites.set(ownerOf(label), suite);
    return suite;
  };
  return {
    emit(event) {
      if (event.kind === "started") started = event;
      if (event.kind === "started") event.hosts.forEach(suiteOf);
      if (event.kind === "finished") finished = event;
      if ("host" in event) note(suiteOf(event.host), event, started?.check ?? false);
    },
    xml() {
      const elements = [...suites].map(([host, suite]) =>
        suiteElement(host, suite, { failOnChanges, result: finished?.results.find((one) => one.host === host) }),
      );
      const attributes = {
        name: started?.playbook ?? "hostwright",
        ...totals(elements),
        time: time(finished?.durationMs),
      };
      const nothing = { name: "testsuite", attributes: { name: "run" }, children: [unfinished("run")] };
      return xmlDocument({ name: "testsuites", attributes, children: started ? elements : [nothing] });
    },
  };
}

function newSuite(): Suite {
  return { cases: new Map(), handlers: new Set(), findings: [], system: undefined, failure: undefined };
}

function note(suite: Suite, event: RunEvent & { host: string }, check: boolean): void {
  const on = event.host === ownerOf(event.host) ? "" : ` on ${event.host.split(" → ")[1]}`;
  const put = (ref: ResourceRef, outcome: Case["outcome"], step?: PlannedStep): void => {
    const name = `${ref.type} ${ref.id}${on}`;
    const before = suite.cases.get(name);
    // What was changed once stays changed, though the next pass finds it in sync.
    if (before?.outcome === "changed" && outcome === "ok") return;
    suite.cases.set(name, { type: ref.type, id: `${ref.id}${on}`, origin: ref.origin, outcome, ...(step && { step }) });
  };
  if (event.kind === "connected") suite.system = event.system;
  if (event.kind === "handled") for (const name of event.handlers) suite.handlers.add(name);
  if (event.kind === "found") suite.findings.push(event.finding);
  if (event.kind === "failed") suite.failure = event.failure;
  if (event.kind === "applied") for (const step of event.steps) put(step, "changed", step);
  if (event.kind !== "planned") return;
  for (const ref of event.inSync) put(ref, "ok");
  for (const step of event.steps) put(step, check ? "would change" : "planned", step);
}

interface SuiteOptions {
  readonly failOnChanges: boolean;
  readonly result: HostResult | undefined;
}

function suiteElement(host: string, suite: Suite, { failOnChanges, result }: SuiteOptions): Element {
  const failure = result ? result.failure : suite.failure;
  const failed = failure?.step && [...suite.cases.values()].find((one) => isOf(failure.step, one));
  const cases = [
    ...(failure && !failed && !isFound(suite, failure)
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
  const name = `${one.type} ${one.id}`;
  const changes = one.step?.changes.map(({ field }) => field).join(", ");
  if (failure && isOf(failure.step, one)) return element(host, name, [failureElement(failure)], one.origin);
  if (one.outcome === "planned")
    return element(host, name, [skipped("not reached: the run ended before it")], one.origin);
  if (one.outcome === "would change" && failOnChanges && !one.step?.condition) {
    const attributes = { type: "changes", message: `would change: ${changes}` };
    return element(host, name, [{ name: "failure", attributes, text: differences(one.step).join("\n") }], one.origin);
  }
  const said = one.step ? [{ name: "system-out", text: `${saidOf(one)}: ${changes}` }] : [];
  return element(host, name, said, one.origin);
}

/** A condition is waited for, and nothing is changed. */
function saidOf({ outcome, step }: Case): string {
  if (!step?.condition) return outcome;
  return outcome === "changed" ? "waited for" : "would wait for";
}

/** A failure that is not a resource's: the host was not reached, is locked, or a handler failed. */
function problem(host: string, failure: Failure): Element {
  const handler = /^handler (.+) failed: /.exec(failure.message)?.[1];
  const name = handler
    ? `handler ${handler}`
    : { unreachable: "reachable", locked: "not locked" }[failure.kind as string];
  return element(host, name ?? "run", [failureElement(failure)]);
}

/** Whether the findings tell all of this failure. */
function isFound({ findings }: Suite, { kind, step }: Failure): boolean {
  return kind === "failed" && !step && findings.some(({ outcome }) => outcome === "broken");
}

function findingElement(host: string, { name, outcome, text, hint }: Finding): Element {
  const children = {
    works: () => [{ name: "system-out", text }],
    broken: () => [failureElement({ kind: "failed", message: text, hint })],
    unproven: () => [skipped(text)],
  };
  return element(host, `check ${name}`, children[outcome]());
}

function failureElement({ kind, message, step, stderr, hint }: Failure): Element {
  const text = [
    message,
    ...differences(step),
    ...(stderr ? ["stderr:", stderr] : []),
    ...(hint ? [`next: ${hint}`] : []),
  ];
  const attributes = { type: kind, message: message.split("\n")[0] };
  return { name: kind === "failed" ? "failure" : "error", attributes, text: text.join("\n") };
}

function unfinished(host: string): Element {
  const message = "the run ended before this was done";
  return element(host, "run", [{ name: "error", attributes: { type: "interrupted", message } }]);
}

function skipped(message: string): Element {
  return { name: "skipped", attributes: { message } };
}

function element(host: string, name: string, children: readonly Element[], origin?: string): Element {
  const [, file, line] = /^(.+):(\d+)$/.exec(origin ?? "") ?? [];
  return { name: "testcase", attributes: { classname: host, name, file, line }, children };
}

function isOf(step: PlannedStep | undefined, { type, id }: Case): boolean {
  return step !== undefined && step.type === type && (id === step.id || id.startsWith(`${step.id} on `));
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
