import t from "tap";
import { liveReport } from "../../engine/report/live.ts";
import type { RunEvent } from "../../engine/run/event.ts";
import { finished, motd, oneOfEach, planned, result, started } from "../support/events.ts";
import { fakeTerminal, screenOf } from "../support/terminal.ts";

const phase = (host: string, more: Partial<RunEvent & { kind: "phase" }>): RunEvent => ({
  kind: "phase",
  host,
  phase: "connect",
  ...more,
});

/** A terminal and a report on it; `show` takes an event that comes a second after the one before. */
function begin(columns?: number, rows?: number) {
  const terminal = fakeTerminal(columns, rows);
  let now = 0;
  const report = liveReport(terminal, { diff: false, verbose: false, colour: false, now: () => now });
  t.teardown(() => report.stop());
  return {
    show(...events: readonly RunEvent[]) {
      for (const event of events) {
        report.emit(event);
        now += 1000;
      }
    },
    stop: () => report.stop(),
    screen: () => screenOf(terminal.written()),
  };
}

t.test("below the log there is a line for each host at work: what it does, and for how long", async (t) => {
  const { show, screen } = begin();
  show(started("app-1", "app-2"), phase("app-1", {}), phase("app-2", { phase: "facts" }));
  t.same(screen(), [
    "site.mts · inventory inventory/prod.yml · 2 hosts · run r1",
    "app-1    1.0s  … connecting  1.0s",
    "app-2    0.0s  … gathering facts  0.0s",
  ]);
  show(planned("app-1", { steps: [motd] }), phase("app-1", { phase: "apply", pass: 2, count: 14 }));
  t.same(screen().slice(1), [
    "app-1    2.0s  differs       1 of 3 resources",
    "app-1    3.0s  … applying 14 changes (pass 2)  0.0s",
    "app-2    2.0s  … gathering facts  2.0s",
  ]);
});

const words = [
  { event: phase("app-1", { phase: "probe", pass: 1, count: 1 }), said: "probing 1 resource" },
  { event: phase("app-1", { phase: "probe", pass: 2, count: 7 }), said: "probing 7 resources (pass 2)" },
  { event: phase("app-1", { phase: "handlers", count: 1, names: ["app: reload"] }), said: "handler app: reload" },
  { event: { ...oneOfEach.retrying, host: "app-1" }, said: "waiting to try again" },
];

for (const { event, said } of words) {
  t.test(`a host at work is said to be ${said}`, async (t) => {
    const { show, screen } = begin();
    show(started("app-1"), event);
    t.equal(screen().at(-1), `app-1    0.0s  … ${said}  0.0s`);
  });
}

t.test("a host that is done or that failed has no line, nor has anyone at the end", async (t) => {
  const { show, screen } = begin();
  show(started("app-1", "app-2", "app-3"), ...["app-1", "app-2", "app-3"].map((host) => phase(host, {})));
  show(planned("app-1"), { ...oneOfEach.failed, host: "app-2" });
  t.same(screen().slice(1), [
    "app-1    3.0s  in sync       3 resources",
    "app-2    3.0s  UNREACHABLE   no answer",
    "app-3    2.0s  … connecting  2.0s",
  ]);
  show(finished([result("app-1")]));
  t.notMatch(screen().join("\n"), "…");
});

t.test("a host that is at work on another has a line of its own, with the time since it began", async (t) => {
  const { show, screen } = begin();
  show(started("app-1"), phase("app-1", { phase: "probe", count: 2 }), phase("app-1", { on: "mon", phase: "facts" }));
  t.same(screen().slice(1), [
    "app-1    1.0s  … probing 2 resources  1.0s",
    "app-1 → mon    1.0s  … gathering facts  0.0s",
  ]);
  show(planned("app-1", { on: "mon" }));
  t.same(screen().slice(1), [
    "app-1 → mon    2.0s  in sync       3 resources",
    "app-1    2.0s  … probing 2 resources  2.0s",
  ]);
});

t.test("a report that is stopped before the end leaves the log alone", async (t) => {
  const { show, stop, screen } = begin();
  show(started("app-1"), phase("app-1", {}));
  stop();
  t.same(screen(), ["site.mts · inventory inventory/prod.yml · 1 host · run r1"]);
});

t.test("more hosts than the screen has lines, and longer lines, are cut", async (t) => {
  const names = Array.from({ length: 30 }, (_, at) => `app-${at + 10}`);
  const { show, screen } = begin(30, 8);
  show(started(...names), ...names.map((host) => phase(host, { phase: "handlers", names: ["x".repeat(50)] })));
  const below = screen().filter((line) => line.includes("…"));
  t.equal(below.length, 6);
  t.equal(below.at(-1), "… and 25 more hosts");
  t.ok(
    below.every((line) => line.length < 30),
    below.join("\n"),
  );
});
