import t from "tap";
import { textReport } from "../../engine/report/text.ts";
import type { HostResult, RunEvent } from "../../engine/run/event.ts";
import { finished, motd, oneOfEach, planned, result, rolledBack, started } from "../support/events.ts";

/** The lines for these events, one second apart. */
function lines(events: readonly RunEvent[], options = { diff: false, verbose: false }): readonly string[] {
  let [text, seconds] = ["", 0];
  const output = { colour: false, write: (more: string) => (text += more) };
  const report = textReport(output, { ...options, now: () => seconds * 1000 });
  for (const event of events) {
    report(event);
    seconds += 1;
  }
  return text.replace(/\n$/, "").split("\n");
}

const check = { ...started("app-1", "database-1"), check: true };
const connect = (host: string): RunEvent => ({ kind: "phase", host, phase: "connect" });
const healthy: RunEvent = { ...oneOfEach.applied, steps: [{ ...motd, condition: true }] };
const failed: HostResult["failure"] = {
  kind: "failed",
  message: "file /etc/motd failed: exit 1",
  step: motd,
  stderr: "chmod: not\npermitted \x1b[31m",
};

const changedKey: HostResult["failure"] = {
  kind: "unreachable",
  message: "host key of mon changed",
  found: "SHA256:new",
  expected: "SHA256:old",
  place: { file: "inventory/prod.yml", line: 3, column: 5 },
  on: "mon",
  hint: "look",
};
const broken: HostResult["failure"] = {
  kind: "failed",
  message: "2 of 3 checks failed",
  checks: [
    { name: "logs", outcome: "broken", text: "nothing came" },
    { name: "traces", outcome: "broken", text: "nothing either" },
  ],
  hint: "look",
};

const cases: readonly { name: string; events: readonly RunEvent[]; text: string }[] = [
  {
    name: "a change is told in columns as wide as the longest host, with the time since the host began",
    events: [
      started("app-1", "database-1"),
      { kind: "play", name: "app", hosts: ["app-1", "database-1"] },
      connect("app-1"),
      connect("database-1"),
      { ...oneOfEach.connected, host: "database-1" },
      planned("app-1", { steps: [motd] }),
      { ...oneOfEach.applied },
      planned("app-1", { pass: 2, pending: ["reload"] }),
      { ...oneOfEach.handled },
      planned("app-1", { pass: 3 }),
      planned("database-1"),
    ],
    text: `
site.mts · inventory inventory/prod.yml · 2 hosts · run r1

PLAY app  2 hosts: app-1 database-1
database-1    1.0s  connected     Debian 13, aarch64
app-1         3.0s  differs       1 of 3 resources
app-1         4.0s  changed       file /etc/motd  mode
app-1         6.0s  handler       reload
app-1         7.0s  proved        nothing differs any more
database-1    7.0s  in sync       3 resources`,
  },
  {
    name: "check mode tells what would change and which handlers wait",
    events: [check, planned("app-1", { steps: [motd], pending: ["reload"] }), planned("database-1", { resources: 1 })],
    text: `
site.mts · inventory inventory/prod.yml · 2 hosts · run r1 · check mode: nothing is changed
app-1         0.0s  differs       1 of 3 resources
app-1         0.0s  would change  file /etc/motd  mode
app-1         0.0s  waiting       handler reload: an earlier change asked for it
database-1    0.0s  in sync       1 resource`,
  },
  {
    name: "a condition is waited for",
    events: [check, planned("app-1", { steps: [{ ...motd, condition: true }] }), started("app-1"), healthy],
    text: `
site.mts · inventory inventory/prod.yml · 2 hosts · run r1 · check mode: nothing is changed
app-1         0.0s  differs       1 of 3 resources
app-1         0.0s  would wait    file /etc/motd  mode
site.mts · inventory inventory/prod.yml · 1 host · run r1
app-1    2.0s  waited for    file /etc/motd  mode`,
  },
  {
    name: "what the tags leave out, dead locks, second tries and stops are told",
    events: [
      started("app-1", "app-2"),
      planned("app-1", { left: [motd], pass: 2 }),
      oneOfEach["taken-over"],
      oneOfEach.retrying,
      { ...oneOfEach.retrying, inMs: 0 },
      oneOfEach.stopped,
    ],
    text: `
site.mts · inventory inventory/prod.yml · 2 hosts · run r1
app-1    0.0s  left alone    file /etc/motd differs too, but the tags leave it out  (roles/base/index.ts:12)
app-1    0.0s  proved        nothing differs any more
app-1    1.0s  took over     the lock of a run that died: eve@laptop, site.mts, since 2026-01-01
app-2    0.0s  retrying      in 1.0s: connection refused
app-2    1.0s  retrying      now: connection refused
STOPPED app: all 1 hosts of the batch failed; not started: app-3`,
  },
  {
    name: "what waits for its turn, the turn, and what went back in it",
    events: [
      started("app-1", "app-2"),
      planned("app-1", { later: [motd] }),
      planned("app-1", { later: [motd], pass: 2 }),
      planned("app-1", { turn: true, steps: [motd], resources: 1 }),
      { kind: "failed", host: "app-1", failure: rolledBack },
      { ...oneOfEach.stopped, reason: "app-1 failed in its turn", waiting: ["app-2"] },
      finished([result("app-1", { failure: rolledBack }), result("app-2", { skipped: 1 })]),
    ],
    text: `
site.mts · inventory inventory/prod.yml · 2 hosts · run r1
app-1    0.0s  waits         file /etc/motd  mode
app-1    1.0s  proved        nothing differs any more but what waits for its turn
app-1    2.0s  its turn      1 of 1 resource
app-1    3.0s  FAILED        handler app: restart failed: exit 1
STOPPED app: app-1 failed in its turn; their turn did not come, what waited for it is as it was: app-2; not started: app-3

RECAP  2 hosts: 1 failed, 1 ok · 2.5s
app-1  ok=3  changed=0  failed=1  unreachable=0  skipped=0  1.5s
app-2  ok=3  changed=0  failed=0  unreachable=0  skipped=1  1.5s

FAILED app-1: handler app: restart failed: exit 1
  stderr    HTTP 503 after 60 s
  undone    file /etc/motd: as it was, and does NOT work
  changed   file /etc/other: cannot go back
  then      HTTP 503 again
  next      look`,
  },
  {
    name: "a failure is one line where it happens, without what a host would draw",
    events: [
      started("app-1"),
      { kind: "failed", host: "app-1", failure: { kind: "failed", message: "boom\x1b[2J" } },
      { kind: "failed", host: "app-1", failure: { kind: "unreachable", message: "no answer" } },
    ],
    text: `
site.mts · inventory inventory/prod.yml · 1 host · run r1
app-1    0.0s  FAILED        boom\\x1b[2J
app-1    1.0s  UNREACHABLE   no answer`,
  },
  {
    name: "the recap counts in columns, then tells of each failure what, where, found, wanted and next",
    events: [
      started("app-1", "database-1", "app-2", "app-3"),
      finished([
        result("app-1", { ok: 12, changed: 2, notes: ["Grafana: http://mon"] }),
        result("database-1", { ok: 3, skipped: 10, durationMs: 75_000, failure: failed }),
        result("app-2", { ok: 0, failure: { kind: "unreachable", message: "no answer", hint: "Check\nthe VPN." } }),
      ]),
    ],
    text: `
site.mts · inventory inventory/prod.yml · 4 hosts · run r1

RECAP  3 hosts: 1 failed, 1 unreachable, 1 changed · 2.5s
app-1       ok=12  changed=2  failed=0  unreachable=0  skipped=0    1.5s
database-1  ok=3   changed=0  failed=1  unreachable=0  skipped=10  1m15s
app-2       ok=0   changed=0  failed=0  unreachable=1  skipped=0    1.5s
not started: app-3

FAILED database-1: file /etc/motd failed: exit 1
  resource  file /etc/motd
  made by   roles/base/index.ts:12
  differs   mode: found 0600, wanted 0644
  stderr    chmod: not
            permitted \\x1b[31m
  next      fix the cause and run again: what holds already is left alone

UNREACHABLE app-2: no answer
  next      Check
            the VPN.

Grafana: http://mon`,
  },
  {
    name: "a failure's found and expected stand in its line, and in the recap below each other; so do other hosts and places",
    events: [
      started("app-1"),
      planned("app-1", { on: "mon" }),
      { kind: "failed", host: "app-1", on: "mon", failure: changedKey },
      finished([result("app-1", { failure: changedKey }), result("app-2", { failure: changedKey })]),
    ],
    text: `
site.mts · inventory inventory/prod.yml · 1 host · run r1
app-1 → mon    0.0s  in sync       3 resources
app-1 → mon    1.0s  UNREACHABLE   host key of mon changed: found SHA256:new, expected SHA256:old

RECAP  2 hosts: 2 unreachable · 2.5s
app-1  ok=3  changed=0  failed=0  unreachable=1  skipped=0  1.5s
app-2  ok=3  changed=0  failed=0  unreachable=1  skipped=0  1.5s

UNREACHABLE app-1 → mon, app-2 → mon: host key of mon changed
  place     inventory/prod.yml:3:5
  found     SHA256:new
  expected  SHA256:old
  next      look`,
  },
  {
    name: "checks that failed are told each",
    events: [started("app-1"), finished([result("app-1", { failure: broken })])],
    text: `
site.mts · inventory inventory/prod.yml · 1 host · run r1

RECAP  1 host: 1 failed · 2.5s
app-1  ok=3  changed=0  failed=1  unreachable=0  skipped=0  1.5s

FAILED app-1: 2 of 3 checks failed
  broken    logs: nothing came
            traces: nothing either
  next      look`,
  },
  {
    name: "the recap of check mode counts what would change",
    events: [{ ...check, hosts: ["app-1"] }, finished([result("app-1", { changed: 1 })], true)],
    text: `
site.mts · inventory inventory/prod.yml · 1 host · run r1 · check mode: nothing is changed

RECAP  1 host: 1 changed · 2.5s
app-1  ok=3  changed=1  failed=0  unreachable=0  skipped=0  1.5s

Check mode: 1 change would be made in the first pass; nothing was changed.`,
  },
];

for (const { name, events, text } of cases) {
  t.test(name, async (t) => t.same(lines(events), text.slice(1).split("\n")));
}

t.test("check mode says of how many hosts it knows nothing", async (t) => {
  const failure = { kind: "unreachable", message: "no answer" } as const;
  t.equal(
    lines([check, finished([result("app-1", { ok: 0, failure }), result("database-1")], true)]).at(-1),
    "Check mode: 0 changes would be made in the first pass, not counting 1 host that could not be looked at; nothing was changed.",
  );
});

t.test("what failed in the same way on several hosts is told once", async (t) => {
  const told = lines([finished(["app-1", "app-2", "app-3"].map((host) => result(host, { failure: failed })))]);
  t.same(
    told.filter((line) => line.startsWith("FAILED")),
    ["FAILED app-1, app-2, app-3: file /etc/motd failed: exit 1"],
  );
});

t.test("-v tells round trips, bytes and the time of each phase, what is done on other hosts included", async (t) => {
  const events = [
    started("app-1"),
    oneOfEach.connected,
    planned("app-1"),
    planned("app-1", { on: "mon" }),
    oneOfEach.applied,
    finished([result("app-1")]),
  ];
  t.equal(
    lines(events, { diff: false, verbose: true }).at(-1),
    "  2 execs (a round trip each), sent 1.2 kB, received 567 B; connect 0.6s, facts 0.3s, probe 0.8s, apply 0.3s",
  );
});

t.test("-v tells of each change and handler how long it took on the host, where it took time", async (t) => {
  const restart = { ...motd, type: "unit", id: "promtail.service", durationMs: 2140 };
  const events = [
    started("app-1"),
    { ...oneOfEach.applied, steps: [{ ...motd, durationMs: 30 }, restart, motd] },
    { ...oneOfEach.handled, handlers: ["reload", "restart"], took: { reload: 80 } },
  ];
  t.same(lines(events, { diff: false, verbose: true }).slice(1), [
    "app-1    0.0s  changed       file /etc/motd  mode",
    "app-1    0.0s  changed       unit promtail.service  mode  (2.1s)",
    "app-1    0.0s  changed       file /etc/motd  mode",
    "app-1    1.0s  handler       reload  (0.1s)",
    "app-1    1.0s  handler       restart",
  ]);
  t.notMatch(lines(events).join("\n"), "(2.1s)");
});

t.test("--diff shows each field below its resource", async (t) => {
  const shown = lines([started("app-1"), oneOfEach.applied], { diff: true, verbose: false });
  t.same(shown.slice(1), ["app-1    0.0s  changed       file /etc/motd  mode", "    mode: 0600 → 0644"]);
});

t.test("a value as long as a file is cut in the recap", async (t) => {
  const step = { ...motd, changes: [{ field: "content", before: "x".repeat(5000), after: "y" }] };
  const failure = { kind: "failed", message: "failed", step } as const;
  const [line = ""] = lines([finished([result("app-1", { failure })])]).filter((one) => one.includes("differs"));
  t.ok(line.length < 400, line);
});

t.test("colours are there only where the output has them", async (t) => {
  let text = "";
  const report = textReport(
    { colour: true, write: (more) => (text += more) },
    { diff: false, verbose: false, now: () => 0 },
  );
  for (const event of [started("app-1"), planned("app-1")]) report(event);
  t.match(text, "\x1b[32min sync     \x1b[39m");
});
