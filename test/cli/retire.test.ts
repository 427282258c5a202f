import { writeFileSync } from "node:fs";
import t from "tap";
import { told } from "../../engine/cli/retire.ts";
import type { Retired } from "../../engine/run/retire.ts";
import { runProgram } from "../support/program.ts";

const retired: Retired = {
  removed: ["unit a.service", "file /etc/a\u001b[31m"],
  left: [{ title: "folder /var/lib/a", why: "data; --with-data removes it too" }],
  failed: [],
  isForgotten: true,
  isKnown: true,
};
const plain = { check: false, json: false, flags: new Set<string>() };

t.test("what went and what stays is told a line each, and drives no terminal", async (t) => {
  t.same(told("web", retired, plain), [
    "web  removed  unit a.service",
    "web  removed  file /etc/a\\x1b[31m",
    "web  left     folder /var/lib/a: data; --with-data removes it too",
    "web  2 removed, 1 left; the journal and all that runs noted here are gone too",
  ]);
  t.same(told("web", retired, { ...plain, check: true }), [
    "web  would remove  unit a.service",
    "web  would remove  file /etc/a\\x1b[31m",
    "web  would leave   folder /var/lib/a: data; --with-data removes it too",
    "web  2 would be removed, 1 left; nothing was changed",
  ]);
});

t.test("what failed is told with what to do; what others noted stays", async (t) => {
  const failed = [{ title: "user a", why: "userdel: user a is currently used by process 7" }];
  const one = { ...retired, removed: [], left: [], isForgotten: false };
  t.same(told("web", { ...one, failed }, plain), [
    "web  failed   user a: userdel: user a is currently used by process 7",
    "web  0 removed, 0 left, 1 failed: run it again once that is mended",
  ]);
  t.same(told("web", one, plain), ["web  0 removed, 0 left; what runs noted here for others stays"]);
  t.same(told("web", one, { ...plain, flags: new Set(["orphans"]) }), ["web  0 removed, 0 left"]);
  t.same(told("web", { ...one, isKnown: false }, plain), [
    "web  nothing is noted here as made by a run with this inventory: none was here, or only ones of an older version",
  ]);
});

t.test("as JSON it is an object a host", async (t) => {
  const [line = ""] = told("web", retired, { ...plain, json: true });
  t.same(JSON.parse(line), { host: "web", check: false, ...retired });
});

t.test("what cannot be meant is refused before any host is asked", async (t) => {
  const dir = t.testdir();
  writeFileSync(`${dir}/hosts.json`, JSON.stringify({ all: { hosts: { here: { ansible_connection: "local" } } } }));
  const args = ["-i", `${dir}/hosts.json`];
  t.match(await runProgram("retire", ["--help"]), { code: 0, stdout: /^usage: npx zx playbooks\/retire\.mts HOST/ });
  t.match(await runProgram("retire", args), { code: 1, stderr: /found no host, expected HOST/ });
  t.match(await runProgram("retire", [...args, "here", "--tags", "promtail"]), {
    code: 1,
    stderr: /found tags, expected none: to take one service out, switch it off in the vars, then run with --orphans/,
  });
  t.match(await runProgram("retire", [...args, "there"]), { code: 1, stderr: /there/ });
  t.match(await runProgram("retire", [...args, "here", "--orphan"]), { code: 1, stderr: /--orphans/ });
});
