import t from "tap";
import { messageReport } from "../../engine/report/message.ts";
import type { PlannedStep, RunEvent } from "../../engine/run/event.ts";
import { finished, motd, oneOfEach, planned, result, rolledBack, started } from "../support/events.ts";

function messageOf(events: readonly RunEvent[]): string {
  const report = messageReport();
  for (const event of events) report.emit(event);
  return report.text();
}

const step = (id: string, cause?: PlannedStep["cause"]): PlannedStep => ({ ...motd, id, ...(cause && { cause }) });

t.test("drift and what is not applied yet are lines of their own, behind the sums", async (t) => {
  const steps = [step("/etc/a", "edited"), step("/etc/b", "intended"), step("/etc/c", "edited"), step("/etc/d")];
  t.equal(
    messageOf([
      { ...started("app-1", "app-2"), check: true },
      planned("app-1", { steps }),
      planned("app-2"),
      finished([result("app-1", { changed: 4, edited: 2 }), result("app-2")], true),
    ]),
    `site.mts · inventory/prod.yml · check: 2 hosts: 1 changed, 1 ok
app-1: edited on the host: file /etc/a (mode); file /etc/c (mode)
app-1: new in the repository, not applied: file /etc/b (mode)
app-1: would change: file /etc/d (mode)
`,
  );
});

t.test("a run says what it put right, and failures come first", async (t) => {
  const text = messageOf([
    started("app-1", "app-2"),
    planned("app-1", { steps: [step("/etc/a", "edited")] }),
    { kind: "failed", host: "app-2", failure: rolledBack },
    finished([result("app-1", { changed: 1 }), result("app-2", { failure: rolledBack })]),
  ]);
  t.match(text, /^site.*: 2 hosts: 1 failed, 1 changed\nFAILED app-2: handler app: restart failed: exit 1\n/);
  t.match(text, "app-1: edited on the host, and put right: file /etc/a (mode)");
});

t.test("it stays short: few names a line, few lines, and nothing that drives a terminal", async (t) => {
  const steps = Array.from({ length: 9 }, (_, index) => step(`/etc/${index}\u001b[31m`, "edited"));
  const hosts = Array.from({ length: 30 }, (_, index) => `app-${index}`);
  const text = messageOf([started(...hosts), ...hosts.map((host) => planned(host, { steps }))]);
  t.equal(text.trimEnd().split("\n").length, 13);
  t.match(text, /; 4 more\n/);
  t.match(text, /… 19 more\n$/);
  t.notMatch(text, "\u001b");
});

t.test("a run that was refused or cut off has a message", async (t) => {
  t.match(messageOf([oneOfEach.refused]), /^no run: not finished\nREFUSED: host app-1: var app_port/);
  t.equal(messageOf([started("app-1")]), "site.mts · inventory/prod.yml: not finished\n");
});
