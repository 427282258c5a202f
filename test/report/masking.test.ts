import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import t from "tap";
import { htmlReport } from "../../engine/report/html.ts";
import { jsonReport } from "../../engine/report/json.ts";
import { junitReport } from "../../engine/report/junit.ts";
import { liveReport } from "../../engine/report/live.ts";
import { textReport } from "../../engine/report/text.ts";
import { command } from "../../engine/resource/command.ts";
import { envFile } from "../../engine/resource/env-file.ts";
import { file } from "../../engine/resource/file.ts";
import type { RunEvent } from "../../engine/run/event.ts";
import { maskEvent } from "../../engine/run/mask.ts";
import { masker, reveal, Secret } from "../../engine/shell/secret.ts";
import { sh } from "../../engine/shell/sh.ts";
import { motd, oneOfEach, started } from "../support/events.ts";
import { localEvents } from "../support/local-report.ts";
import { fakeTerminal } from "../support/terminal.ts";

const { finding } = oneOfEach.found;
const value = "pä<ss>&w0rd/'+ %\"$";
const secret = new Secret(value, "test");
const owner = userInfo().username;

const base64 = Buffer.from(value).toString("base64");
const url = encodeURIComponent(value);
const xml = "pä&lt;ss&gt;&amp;w0rd/&apos;+ %&quot;$";
/** The value in every spelling in which it could be read, those of JSON and XML too; and parts of them. */
const spellings = [
  value,
  base64,
  url,
  JSON.stringify(value).slice(1, -1),
  xml,
  "w0rd",
  base64.slice(4, 12),
  url.slice(0, 9),
];

/** What every report makes of these events. */
function reportsOf(events: readonly RunEvent[]): Readonly<Record<string, string>> {
  const texts = { text: "", json: "" };
  const options = { diff: true, verbose: true };
  const junit = junitReport({ failOnChanges: false });
  const terminal = fakeTerminal();
  const live = liveReport(terminal, { ...options, colour: true });
  const text = textReport({ colour: false, write: (more) => (texts.text += more) }, options);
  const json = jsonReport({ write: (more) => (texts.json += more) });
  const page = htmlReport();
  for (const event of events) for (const emit of [text, json, junit.emit, live.emit, page.emit]) emit(event);
  return { ...texts, junit: junit.xml(), live: terminal.written(), page: page.html() };
}

const holding = (all: Readonly<Record<string, string>>) =>
  Object.entries(all).flatMap(([name, text]) =>
    spellings.filter((one) => text.includes(one)).map((one) => `${name}: ${one}`),
  );

t.test(
  "a run that changes files with a secret, fails with it in stderr and shows diffs tells it nowhere",
  async (t) => {
    const dir = t.testdir({ env: `PASSWORD='old'\n`, conf: `password = ${value}\nport = 1\n` });
    const events = await localEvents(t, dir, [
      file({ path: `${dir}/key`, content: secret, owner }),
      // Revealed by a role that knows no better, and on the host already.
      file({ path: `${dir}/conf`, content: `password = ${value}\nport = 2\n`, owner }),
      envFile({ path: `${dir}/env`, entries: { PASSWORD: secret } }),
      command({
        name: `log in with ${value}`,
        run: sh`printf '%s\\n' ${`${value} is wrong`} ${base64} ${url} ${Buffer.from(`me:${value}`).toString("base64")} >&2; exit 1`,
        creates: `${dir}/never`,
      }),
    ]);
    t.match(events.at(-1), { results: [{ changed: 3, failure: { stderr: /./ } }] });
    t.not(holding(reportsOf(events)).length, 0, "unmasked, the reports would tell it");

    const mask = masker([secret]);
    const all = reportsOf(events.map((event) => maskEvent(event, mask)));
    t.same(holding(all), []);
    for (const [name, text] of Object.entries(all)) t.match(text, "********", name);

    const journal = readFileSync(`${dir}/log/journal.jsonl`, "utf8");
    t.same(holding({ journal }), []);
  },
);

t.test(
  "of a file whose wanted text holds a secret, what is there is shown where it stays: it may hold an earlier one",
  async (t) => {
    const dir = t.testdir({ conf: "user = a\n\npassword = the one before\nport = 1\n" });
    const now = new Secret("the one of today", "test");
    const events = await localEvents(t, dir, [
      file({ path: `${dir}/conf`, content: `user = a\n\npassword = ${reveal(now)}\nport = 2\n`, owner }),
    ]);
    const all = reportsOf(events.map((event) => maskEvent(event, masker([now]))));
    for (const [name, text] of Object.entries(all)) t.notMatch(text, "the one", name);
    t.match(all.text, /-\*{8}\n *-\*{8}\n *\+password = \*{8}\n *\+port = 2/);
  },
);

t.test("a secret that is a word of the events' own leaves them readable", async (t) => {
  const words = ["failed", "phase", "apply", "file", "broken", "r1r1"];
  const mask = masker(words.map((text) => new Secret(text, "test")));
  const event: RunEvent = { kind: "phase", host: "failed", phase: "apply" };
  t.same(maskEvent(event, mask), { kind: "phase", host: "********", phase: "apply" });
  const failed = { kind: "failed", message: "broken", step: motd, checks: [{ ...finding, text: "phase" }] } as const;
  t.match(maskEvent({ kind: "failed", host: "a", failure: failed }, mask), {
    kind: "failed",
    failure: {
      kind: "failed",
      message: "********",
      step: { type: "file", id: "/etc/motd" },
      checks: [{ outcome: "broken", text: "********" }],
    },
  });
  t.match(maskEvent({ ...started("a"), run: "r1r1" }, mask), { run: "r1r1" });
});

t.test("where a resource stands in the playbook is not found for who does not ask", async (t) => {
  let asked = 0;
  const place = {
    get file() {
      asked += 1;
      return "roles/site.ts";
    },
  };
  const ref = { type: "file", id: "/a", place };
  const masked = maskEvent({ ...oneOfEach.planned, inSync: [ref] }, (text) => text);
  t.equal(asked, 0);
  t.match(masked, { inSync: [{ place: { file: "roles/site.ts" } }] });
});
