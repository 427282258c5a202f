import { appendFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import t from "tap";
import { told } from "../../engine/cli/history.ts";
import { file } from "../../engine/resource/file.ts";
import { historyProbe, parseHistory } from "../../engine/run/history.ts";
import { sh } from "../../engine/shell/sh.ts";
import { convergeLocally, statePaths } from "../support/local-run.ts";
import { runProgram } from "../support/program.ts";
import { runSections, shells } from "../support/shells.ts";

const owner = userInfo().username;

for (const shell of shells)
  t.test(`what runs did is read from the host's journal, in ${shell[0]}`, async (t) => {
    const dir = t.testdir();
    const paths = statePaths(dir);
    const read = () => parseHistory(runSections(shell, [historyProbe(paths)])[0]?.stdout ?? "");
    t.same(told("web", read()), ["web  no run has changed anything here"]);
    const wish = (content: string) => [file({ path: `${dir}/f`, content, owner }, { notify: ["app: reload"] })];
    const handlers = { "app: reload": sh`:` };
    await convergeLocally(t, dir, wish("1"), { handlers, operation: { run: "one", commit: "abc1234" } });
    await convergeLocally(t, dir, wish("1"), { handlers, operation: { run: "two" } });
    await convergeLocally(t, dir, wish("2"), { handlers, operation: { run: "three", operator: "kim@laptop" } });
    const journal = `${paths.log}/journal.jsonl`;
    appendFileSync(journal, '{"run":"three","resource":\n\0\0\nnull\n[1]\n{"run":7}\n{"run":"four"}\n');
    appendFileSync(
      journal,
      '{"time":"T","run":"three","operator":"kim@laptop","playbook":"test.mts","commit":"","resource":"file /x","rollback":true}\n',
    );
    t.match(told("web", read()), [
      /^web {2}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {2}run one {2}tester {2}test\.mts {2}abc1234$/,
      `  changed  file ${dir}/f  content, mode, owner`,
      "  handler  app: reload",
      /^web .* run three {2}kim@laptop {2}test\.mts$/,
      `  changed  file ${dir}/f  content`,
      "  handler  app: reload",
      "  undone   file /x",
    ]);
    t.equal(read().length, 2, "a run that changed nothing has nothing to tell");
  });

t.test("what a journal holds drives no terminal", async (t) => {
  const evil = JSON.stringify({
    run: "r\u001b[31m",
    time: "t",
    resource: "file \u001b]0;x\u0007",
    fields: ["a\nb", 7],
  });
  t.same(told("web", parseHistory(evil)), ["web  t  run r\\x1b[31m    ", "  changed  file \\x1b]0;x\\x07  a\\nb"]);
});

const local = { skip: process.getuid?.() === 0 ? false : "keeps its state where root may write" };

t.test("the program tells it by host, as text and as JSON", local, async (t) => {
  const dir = t.testdir();
  writeFileSync(`${dir}/hosts.json`, JSON.stringify({ all: { hosts: { here: { ansible_connection: "local" } } } }));
  const args = ["-i", `${dir}/hosts.json`];
  const text = await runProgram("history", [...args, "here", "3"]);
  t.equal(text.code, 0, text.stderr);
  t.match(text.stdout, /^here {2}/);
  const json = await runProgram("history", [...args, "here", "3", "--json"]);
  for (const line of json.stdout.split("\n").filter(Boolean)) t.match(JSON.parse(line), { host: "here", deeds: Array });
  t.match(await runProgram("history", args), { code: 1, stderr: /found nothing, expected a host or pattern/ });
  t.match(await runProgram("history", [...args, "here", "x"]), {
    code: 1,
    stderr: /RUNS: found "x", expected a whole number/,
  });
});
