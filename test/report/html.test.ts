import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import t from "tap";
import { htmlReport } from "../../engine/report/html.ts";
import type { RunEvent } from "../../engine/run/event.ts";
import { finished, motd, oneOfEach, planned, result, rolledBack, started } from "../support/events.ts";
import { runFile } from "../support/program.ts";

const BEGUN = new Date("2026-11-27T16:00:00Z");

/** The page of these events, of which each comes a second after the one before. */
function pageOf(events: readonly RunEvent[]): string {
  let now = 0;
  const report = htmlReport(() => now, BEGUN);
  for (const event of events) {
    now += 1000;
    report.emit(event);
  }
  return report.html();
}

const file = { ...motd, id: "/etc/x", changes: [{ field: "content", text: { before: "a\nb\n", after: "a\nc\n" } }] };

t.test("a page has timeline, changes with their lines, failures with the next step, and the hosts", async (t) => {
  const html = pageOf([
    started("app-1", "app-2"),
    { kind: "phase", host: "app-1", phase: "connect" },
    oneOfEach.connected,
    { kind: "phase", host: "app-1", phase: "probe" },
    planned("app-1", { steps: [file] }),
    { kind: "phase", host: "app-1", phase: "apply" },
    { kind: "applied", host: "app-1", pass: 1, steps: [file], durationMs: 900 },
    { kind: "failed", host: "app-2", failure: rolledBack },
    finished([result("app-1", { changed: 1 }), result("app-2", { failure: rolledBack })]),
  ]);
  t.match(html, /^<!doctype html>\n<html lang="en">/);
  t.match(html, "site.mts · run r1");
  t.match(html, "2026-11-27T16:00:00Z");
  t.match(html, /class="bar connect" style="left:28\.57%;width:14\.29%" title="connect 1\.0s, from 2\.0s on"/);
  t.match(html, /<summary>app-1: changed file \/etc\/x: content<\/summary>/);
  t.match(html, /<div class="del">-b<\/div>\s+<div class="add">\+c<\/div>/);
  t.match(html, /<h3>FAILED app-2: handler app: restart failed: exit 1<\/h3>/);
  t.match(html, / next {6}look/);
  t.match(html, /<tr class="failed">\s+<td>app-2<\/td>/);
});

t.test("what hosts and inventories say is text and nothing else", async (t) => {
  const evil = `<script>alert(1)</script>" onload='x' \u001b[31m`;
  const html = pageOf([
    { ...started("app-1"), playbook: evil },
    planned(evil, { steps: [{ ...motd, id: evil, changes: [{ field: evil, before: evil, after: evil }] }] }),
    { kind: "applied", host: evil, pass: 1, steps: [{ ...file, id: evil }], durationMs: 1 },
    { kind: "retrying", host: evil, reason: evil, inMs: 0 },
    { kind: "failed", host: evil, failure: { kind: "failed", message: evil, stderr: evil, hint: evil } },
    finished([result(evil, { failure: { kind: "failed", message: evil, stderr: evil }, notes: [evil] })]),
  ]);
  t.notMatch(html, "<script");
  t.notMatch(html, /"\s+onload/);
  t.notMatch(html, "\u001b");
});

t.test("every event has its place on a page, and a run that was cut off has one too", async (t) => {
  t.match(pageOf(Object.values(oneOfEach)), "took over the lock of a run that died");
  t.match(pageOf([started("app-1")]), "not finished");
  t.match(pageOf([]), "<title>refused</title>");
});

const PLAYBOOK = `
import { command, defineRole, file, runPlaybook, sh, string } from ${JSON.stringify(resolve("engine/index.ts"))};
const role = defineRole({
  name: "page",
  vars: { dir: string("where"), fails: string("whether") },
  resources: ({ dir, fails }) => [
    file({ path: dir + "/conf", content: "port = 2\\nuser = <b>a</b>\\n", owner: "root" }),
    ...(fails === "yes" ? [command({ name: "ask", run: sh\`sleep 0.3; echo no route >&2; exit 3\`, creates: dir + "/never" })] : []),
  ],
});
await runPlaybook([{ hosts: "all", roles: [role], become: false }], import.meta.url);
`;

const browser = ["chromium", "chromium-browser", "google-chrome"]
  .map((name) => `/usr/bin/${name}`)
  .find((path) => existsSync(path));
const skip =
  browser === undefined ? "needs Chromium" : process.getuid?.() === 0 ? false : "keeps its state where root may write";

t.test("a browser shows the page of a run: timeline, a difference, a failure with its hint", { skip }, async (t) => {
  const dir = t.testdir({ one: { conf: "port = 1\n" }, two: {}, "site.mts": PLAYBOOK });
  const hosts = Object.fromEntries(
    ["one", "two"].map((name) => [
      name,
      { ansible_connection: "local", dir: `${dir}/${name}`, fails: name === "two" ? "yes" : "no" },
    ]),
  );
  writeFileSync(`${dir}/hosts.json`, JSON.stringify({ all: { hosts } }));
  const path = `${dir}/reports/run.html`;
  const args = ["-i", `${dir}/hosts.json`, "--report", path, "--lock-wait", "2m"];
  const ended = await runFile(`${dir}/site.mts`, args);
  t.equal(ended.code, 2, ended.stderr);

  const chrome = await chromium.launch({ executablePath: browser ?? "", args: ["--no-sandbox"] });
  t.teardown(() => chrome.close());
  const page = await chrome.newPage({ viewport: { width: 1000, height: 900 } });
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => asked.push(message.text()));
  await page.goto(pathToFileURL(path).href);
  t.same(asked, [pathToFileURL(path).href], "it needs nothing else, and says nothing");
  t.same(await page.locator(".row b").allTextContents(), ["one", "two"]);
  const bars = await page
    .locator(".bar.apply")
    .evaluateAll((all) => all.map((bar) => bar.getBoundingClientRect().width));
  t.ok(bars.length > 0 && bars.every((width) => width > 0), `${bars} pixels`);
  t.equal(await page.getByText("+port = 2").first().isVisible(), false, "differences are folded away");
  await page.locator("summary").first().click();
  t.ok(await page.getByText("+port = 2").first().isVisible());
  t.ok(await page.getByText("+user = <b>a</b>").first().isVisible());
  t.match(await page.locator(".failure h3").textContent(), "FAILED two: command ask failed: exit 3");
  t.match(await page.locator(".failure").textContent(), /no route[\s\S]*next +fix the cause and run again/);
  if (process.env.HOSTWRIGHT_PICTURES) await page.screenshot({ path: `${process.env.HOSTWRIGHT_PICTURES}/report.png` });
});

t.test("a run that is refused leaves a page that says so", async (t) => {
  const dir = t.testdir({ "site.mts": PLAYBOOK, "hosts.yml": "all: { hosts: { one: { dir: /x } } }\n" });
  const { code } = await runFile(`${dir}/site.mts`, ["-i", `${dir}/hosts.yml`, "--report", `${dir}/run.html`]);
  t.equal(code, 1);
  t.match(readFileSync(`${dir}/run.html`, "utf8"), /REFUSED[^<]*var fails/);
  const wrong = await runFile(`${dir}/site.mts`, ["-i", `${dir}/hosts.yml`, "--report", `${dir}/site.mts/x.html`]);
  t.match(wrong.stderr, /--report: found .*x\.html \(.*\), expected a file that can be written/);
});
