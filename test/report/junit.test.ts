import { userInfo } from "node:os";
import { DOMParser, type Element } from "@xmldom/xmldom";
import t from "tap";
import { junitReport } from "../../engine/report/junit.ts";
import { file } from "../../engine/resource/file.ts";
import type { RunEvent } from "../../engine/run/event.ts";
import { sh } from "../../engine/shell/sh.ts";
import { finished, motd, oneOfEach, planned, result, rolledBack, started } from "../support/events.ts";
import { localEvents } from "../support/local-report.ts";

const base = { type: "package", id: "curl", place: { file: "roles/base/index.ts", line: 7 } };
const { finding } = oneOfEach.found;
const check = { ...started("app-1"), check: true };

/** The document for these events, parsed by a parser that refuses what is not XML. */
function parsed(events: readonly RunEvent[], failOnChanges = false): Element {
  const report = junitReport({ failOnChanges });
  for (const event of events) report.emit(event);
  const onError = (level: string, message: string): never => {
    throw new Error(`${level}: ${message}`);
  };
  const { documentElement } = new DOMParser({ onError }).parseFromString(report.xml(), "text/xml");
  if (!documentElement) throw new Error("no element");
  return documentElement;
}

/** Of each case: host, name, file and line, and its child with its message. */
function cases(root: Element): readonly string[] {
  return [...root.getElementsByTagName("testcase")].map((one) => {
    const child = [...one.childNodes].find((node): node is Element => node.nodeType === 1);
    const place = one.getAttribute("file") ? ` (${one.getAttribute("file")}:${one.getAttribute("line")})` : "";
    const said = child && ` ${child.tagName}: ${child.getAttribute("message") ?? child.textContent}`;
    return `${one.getAttribute("classname")}: ${one.getAttribute("name")}${place}${said ?? ""}`;
  });
}

function counts(element: Element | undefined): string {
  return ["tests", "failures", "errors", "skipped"].map((name) => element?.getAttribute(name)).join(" ");
}

const tables: readonly {
  name: string;
  events: readonly RunEvent[];
  failOnChanges?: boolean;
  cases: readonly string[];
}[] = [
  {
    name: "a resource in sync and one that was changed are cases that passed, with the role's line",
    events: [
      started("app-1"),
      oneOfEach.connected,
      planned("app-1", { steps: [motd], inSync: [base] }),
      oneOfEach.applied,
      planned("app-1", { pass: 2, inSync: [base, motd] }),
      oneOfEach.handled,
      finished([result("app-1")]),
    ],
    cases: [
      "app-1: reachable",
      "app-1: package curl (roles/base/index.ts:7)",
      "app-1: file /etc/motd (roles/base/index.ts:12) system-out: changed: mode",
      "app-1: handler reload",
    ],
  },
  {
    name: "what failed is a failure, what came after it was skipped",
    events: [
      started("app-1"),
      oneOfEach.connected,
      planned("app-1", { steps: [motd, { ...motd, ...base }] }),
      finished([result("app-1", { failure: { kind: "failed", message: "exit 1", step: motd, stderr: "no" } })]),
    ],
    cases: [
      "app-1: reachable",
      "app-1: file /etc/motd (roles/base/index.ts:12) failure: exit 1",
      "app-1: package curl (roles/base/index.ts:7) skipped: not reached: the run ended before it",
    ],
  },
  {
    name: "a host that was not reached, one that is locked and a handler that failed are cases too",
    events: [
      started("app-1", "app-2", "app-3"),
      finished([
        result("app-1", { failure: { kind: "unreachable", message: "no answer" } }),
        result("app-2", { failure: { kind: "locked", message: "by eve" } }),
        result("app-3", { failure: { kind: "failed", message: "failed: exit 1", handler: "app: reload" } }),
      ]),
    ],
    cases: [
      "app-1: reachable error: no answer",
      "app-2: not locked error: by eve",
      "app-3: handler app: reload failure: failed: exit 1",
    ],
  },
  {
    name: "in check mode what would change passes",
    events: [check, planned("app-1", { steps: [motd] }), finished([result("app-1")], true)],
    cases: ["app-1: file /etc/motd (roles/base/index.ts:12) system-out: would change: mode"],
  },
  {
    name: "in check mode what would change fails with --fail-on-changes",
    events: [check, planned("app-1", { steps: [motd] }), finished([result("app-1")], true)],
    failOnChanges: true,
    cases: ["app-1: file /etc/motd (roles/base/index.ts:12) failure: would change: mode"],
  },
  {
    name: "in check mode a condition that would be waited for is no change",
    events: [check, planned("app-1", { steps: [{ ...motd, condition: true }] }), finished([result("app-1")], true)],
    failOnChanges: true,
    cases: ["app-1: file /etc/motd (roles/base/index.ts:12) system-out: would wait for: mode"],
  },
  {
    name: "what a role holds on another host says where",
    events: [
      started("app-1"),
      planned("app-1", { on: "mon", inSync: [base] }),
      planned("app-1", { inSync: [base] }),
      finished([result("app-1")]),
    ],
    cases: ["app-1: package curl on mon (roles/base/index.ts:7)", "app-1: package curl (roles/base/index.ts:7)"],
  },
  {
    name: "what failed on another host is that host's case, also where the same is held here",
    events: [
      started("app-1"),
      planned("app-1", { inSync: [motd] }),
      planned("app-1", { on: "mon", steps: [motd] }),
      finished([result("app-1", { failure: { kind: "failed", message: "exit 1", step: motd, on: "mon" } })]),
    ],
    cases: [
      "app-1: file /etc/motd (roles/base/index.ts:12)",
      "app-1: file /etc/motd on mon (roles/base/index.ts:12) failure: exit 1",
    ],
  },
  {
    name: "a resource that was only looked at, as at a gate, is a case where it fails",
    events: [
      started("app-1"),
      finished([
        result("app-1", {
          failure: { kind: "failed", message: "not ready", step: motd, place: motd.place, on: "mon" },
        }),
      ]),
    ],
    cases: ["app-1: file /etc/motd on mon (roles/base/index.ts:12) failure: not ready"],
  },
  {
    name: "checks that failed are told once, by themselves; a failure has its place",
    events: [
      started("app-1", "app-2"),
      oneOfEach.found,
      finished([
        result("app-1", { failure: { kind: "failed", message: "1 of 1 checks failed", checks: [finding] } }),
        result("app-2", { failure: { kind: "failed", message: "found it twice", place: base.place } }),
      ]),
    ],
    cases: ["app-1: check logs failure: nothing came", "app-2: run (roles/base/index.ts:7) failure: found it twice"],
  },
  {
    name: "what went back is no change, and what waited for a turn that did not come was not reached",
    events: [
      started("app-1", "app-2"),
      planned("app-1", { later: [motd] }),
      planned("app-2", { later: [motd] }),
      planned("app-1", { turn: true, steps: [motd] }),
      oneOfEach.applied,
      { kind: "failed", host: "app-1", failure: rolledBack },
      finished([result("app-1", { failure: rolledBack }), result("app-2")]),
    ],
    cases: [
      "app-1: handler app: restart failure: handler app: restart failed: exit 1",
      `app-1: file /etc/motd (${motd.place.file}:${motd.place.line}) skipped: changed, and put back as it was: see the failure`,
      `app-2: file /etc/motd (${motd.place.file}:${motd.place.line}) skipped: not reached: the run ended before it`,
    ],
  },
  {
    name: "a run that was refused has an error for each thing that is wrong",
    events: [oneOfEach.refused],
    cases: [
      'run: usage and inventory (inventory/prod.yml:3) error: host app-1: var app_port (role app): found "x", expected a whole number',
      "run: usage and inventory (inventory/prod.yml:null) error: found an empty file",
    ],
  },
  {
    name: "a run that an error ended has an error at each host that was not done",
    events: [started("app-1", "app-2"), oneOfEach.connected, { ...oneOfEach.failed, host: "app-2" }],
    cases: [
      "app-1: reachable",
      "app-1: run error: the run ended before this was done",
      "app-2: reachable error: no answer",
    ],
  },
  {
    name: "a run that never began has an error",
    events: [],
    cases: ["run: run error: the run ended before this was done"],
  },
];

for (const { name, events, failOnChanges, cases: expected } of tables) {
  t.test(name, async (t) => t.same(cases(parsed(events, failOnChanges)), expected));
}

t.test("suites and the whole say how many cases went how", async (t) => {
  const failure = { kind: "unreachable", message: "no answer" } as const;
  const skipping = { kind: "failed", message: "x", step: motd } as const;
  const root = parsed([
    started("app-1", "app-2"),
    planned("app-1", { steps: [motd, { ...motd, id: "/b" }], inSync: [base] }),
    finished([result("app-1", { failure: skipping }), result("app-2", { failure })]),
  ]);
  t.equal(counts(root), "4 1 1 1");
  t.same([...root.getElementsByTagName("testsuite")].map(counts), ["3 1 0 1", "1 0 1 0"]);
});

t.test("a failure tells what was found and expected, and the next step", async (t) => {
  const failure = { kind: "unreachable", message: "key changed", found: "a", expected: "b", hint: "look" } as const;
  const root = parsed([started("app-1"), finished([result("app-1", { failure })])]);
  t.equal(root.getElementsByTagName("error")[0]?.textContent, "key changed\nfound a\nexpected b\nnext: look");
  t.equal(counts(parsed([oneOfEach.refused])), "2 0 2 0");
});

t.test("whatever a host printed, the document is XML and says it", async (t) => {
  const message = `<&>"' ]]> \x00\x1b[2J \ud800 \uffff é 🚒 \r\tend`;
  const failure = { kind: "failed", message: `first ${message}`, stderr: message, step: motd } as const;
  const root = parsed([started("a<b"), planned("a<b", { steps: [motd] }), finished([result("a<b", { failure })])]);
  const [element] = [...root.getElementsByTagName("failure")];
  const shown = `<&>"' ]]> \\x00\\x1b[2J \\ud800 \\uffff é 🚒 \\x0d\tend`;
  t.equal(element?.getAttribute("message"), `first ${shown}`);
  t.equal(element?.textContent, `first ${shown}\nmode: found 0600, wanted 0644\nstderr:\n${shown}`);
});

t.test("a real run that fails at its second resource", async (t) => {
  const dir = t.testdir();
  const owner = userInfo().username;
  const validate = () => sh`echo "bad <config>" >&2; exit 1`;
  const resources = [
    file({ path: `${dir}/a`, content: "x", owner }),
    file({ path: `${dir}/b`, content: "x", owner, validate }),
    file({ path: `${dir}/c`, content: "x", owner }),
  ];
  const root = parsed(await localEvents(t, dir, resources));
  t.same(
    cases(root).map((one) => one.replaceAll(dir, "").replace(/ \(.*\)/, "")),
    [
      "local: reachable",
      "local: file /a system-out: changed: content, mode, owner",
      "local: file /b failure: file /b failed: exit 1",
      "local: file /c skipped: not reached: the run ended before it",
    ],
  );
  t.match(root.getElementsByTagName("failure")[0]?.textContent, /bad <config>/);
});
