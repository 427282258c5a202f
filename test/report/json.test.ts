import { userInfo } from "node:os";
import t from "tap";
import { jsonReport } from "../../engine/report/json.ts";
import { command } from "../../engine/resource/command.ts";
import { file } from "../../engine/resource/file.ts";
import type { HostResult, PlannedStep, RunEvent } from "../../engine/run/event.ts";
import { sh } from "../../engine/shell/sh.ts";
import { finished, motd, oneOfEach, planned, result, rolledBack } from "../support/events.ts";
import { notValid, schema } from "../support/events-schema.ts";
import { localEvents } from "../support/local-report.ts";

const owner = userInfo().username;

/** The lines of `--json` for these events, read back. */
function written(events: readonly RunEvent[]): readonly (RunEvent & { time: string })[] {
  let text = "";
  events.forEach(jsonReport({ write: (more) => (text += more) }));
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

t.test("an event of each kind is as the schema says", async (t) => {
  t.same(notValid(written(Object.values(oneOfEach))), []);
  t.same(
    schema.oneOf.map(({ $ref }: { $ref: string }) => $ref.split("/").at(-1)),
    Object.keys(oneOfEach).sort((a, b) => order(a) - order(b)),
    "and the schema has no kind besides",
  );
});

function order(kind: string): number {
  return schema.oneOf.findIndex(({ $ref }: { $ref: string }) => $ref.endsWith(`/${kind}`));
}

t.test("a condition is marked as one", async (t) => {
  t.same(notValid(written([{ ...oneOfEach.applied, steps: [{ ...motd, condition: true }] }])), []);
});

t.test("a turn, what waits for it, and what went back in it", async (t) => {
  const events: readonly RunEvent[] = [
    planned("app-1", { later: [motd] }),
    planned("app-1", { turn: true, steps: [motd] }),
    { kind: "phase", host: "app-1", phase: "rollback", count: 1 },
    { kind: "failed", host: "app-1", failure: rolledBack },
    { ...oneOfEach.stopped, waiting: ["app-2"] },
    finished([result("app-1", { failure: rolledBack })]),
  ];
  t.same(notValid(written(events)), []);
});

t.test("an event without a field that it must have is refused", async (t) => {
  const { host, ...others } = oneOfEach.connected;
  t.equal(notValid(written([others as RunEvent])).length, 1);
});

t.test("each event is one line in ASCII controls only, with the time at which it came", async (t) => {
  let text = "";
  const time = () => new Date("2026-01-02T03:04:05.678Z");
  jsonReport(
    { write: (more) => (text += more) },
    time,
  )({ ...oneOfEach["taken-over"], holder: "a\nb\u009b2J\u202e\x7f" });
  t.equal(
    text,
    `{"time":"2026-01-02T03:04:05.678Z","kind":"taken-over","host":"app-1","holder":"a\\nb\\u009b2J\\u202e\\u007f"}\n`,
  );
  t.equal(JSON.parse(text).holder, "a\nb\u009b2J\u202e\x7f");
});

const notify = { notify: ["restart"] };
const runs = [
  { name: "changes files and runs a handler", fails: false, check: false },
  { name: "fails at the second of three", fails: true, check: false },
  { name: "only looks", fails: false, check: true },
];

for (const { name, fails, check } of runs) {
  t.test(`a run that ${name}: its events are valid, and the recap can be computed from them`, async (t) => {
    const dir = t.testdir({ held: "x" });
    const resources = [
      file({ path: `${dir}/held`, content: "x", owner, mode: "0600" }),
      file({ path: `${dir}/a`, content: "x", owner }, notify),
      command({ name: "second", run: fails ? sh`echo no >&2; exit 3` : sh`: >${`${dir}/b`}`, creates: `${dir}/b` }),
      file({ path: `${dir}/c`, content: "x", owner }, notify),
    ];
    const events = await localEvents(t, dir, resources, { handlers: { restart: sh`:` }, check });
    const read = written(events);
    t.same(notValid(read), []);
    const end = read.at(-1);
    if (end?.kind !== "finished") return t.fail("the last event is not the end");
    const { ok, changed, skipped, handlers, failure } = end.results[0] as HostResult;
    t.same(recapOf(read.slice(0, -1), check), { ok, changed, skipped, handlers, failure });
  });
}

type Counts = Pick<HostResult, "ok" | "changed" | "skipped" | "handlers"> & { failure?: HostResult["failure"] };

/** The recap of the one host of these events, from the events before the last. */
function recapOf(events: readonly RunEvent[], check: boolean): Counts {
  const name = ({ type, id }: { type: string; id: string }) => `${type} ${id}`;
  const all = <K extends RunEvent["kind"]>(kind: K) =>
    events.filter((event): event is RunEvent & { kind: K } => event.kind === kind);
  const changes = (events: readonly { steps: readonly PlannedStep[] }[]) =>
    new Set(events.flatMap(({ steps }) => steps.filter(({ condition }) => !condition).map(name)));
  const later = all("planned").map((event) => ({ steps: event.later }));
  const differing = changes([...all("planned"), ...later]);
  const failure = all("failed").at(-1)?.failure;
  const changed = check ? differing : changes(all("applied"));
  for (const undone of failure?.rollback?.resources ?? []) changed.delete(name(undone));
  const probed = all("planned").filter(({ pass, turn }) => pass === 1 && !turn);
  const failed = failure?.step && name(failure.step);
  const handlers = check
    ? all("planned").flatMap(({ pending }) => pending)
    : all("handled").flatMap((one) => one.handlers);
  return {
    ok: probed.reduce((sum, { resources }) => sum + resources, 0) - differing.size,
    changed: changed.size,
    skipped: [...differing].filter((one) => !changed.has(one) && one !== failed).length,
    handlers: [...new Set(handlers)],
    failure,
  };
}
