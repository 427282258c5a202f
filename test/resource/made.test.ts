import t from "tap";
import { command } from "../../engine/resource/command.ts";
import { directory } from "../../engine/resource/directory.ts";
import { envFile } from "../../engine/resource/env-file.ts";
import { addedTo, placeIn, placeWord, withoutMembers } from "../../engine/resource/json-members.ts";
import { pkg } from "../../engine/resource/package.ts";
import type { Resource } from "../../engine/resource/resource.ts";
import { unit } from "../../engine/resource/unit.ts";
import { user } from "../../engine/resource/user.ts";
import { sh } from "../../engine/shell/sh.ts";

/** What a resource makes where its probe says this, as `kind name detail`. */
const makes = (resource: Resource, probed: string) =>
  resource.kind
    .makes(probed, [resource])
    .flat()
    .map(({ what, name, detail }) => [what, name, ...(detail === undefined ? [] : [detail])].join(" "));

// systemctl show -p Id,LoadState,… of a unit that a package brought, and of one that nobody did.
const unitIs = (load: string, active: string, file: string) =>
  `\nctimes\n1764000000\nunits\nId=a.service\nLoadState=${load}\nActiveState=${active}\nSubState=x\nUnitFileState=${file}\nNeedDaemonReload=no\nExecMainStartTimestamp=\n`;
const stopped = { name: "a", enabled: false, running: false } as const;

const cases: readonly { name: string; resource: Resource; probed: string; made: readonly string[] }[] = [
  {
    name: "a unit that is there is to be as it was",
    resource: unit({ name: "a" }),
    probed: unitIs("loaded", "inactive", "disabled"),
    made: ["unit-state a.service disable", "unit-state a.service stop"],
  },
  {
    name: "a unit that is stopped here ran before",
    resource: unit(stopped),
    probed: unitIs("loaded", "active", "enabled"),
    made: ["unit-state a.service enable", "unit-state a.service start"],
  },
  {
    name: "a masked one is masked again",
    resource: unit({ name: "a" }),
    probed: unitIs("masked", "active", "enabled"),
    made: ["unit-state a.service mask"],
  },
  {
    name: "a unit that a package has yet to bring goes with that",
    resource: unit({ name: "a" }),
    probed: unitIs("not-found", "inactive", ""),
    made: [],
  },
  {
    name: "a folder that is there is not ours",
    resource: directory({ path: "/a" }),
    probed: "present\n41ed 700 root root 0 0\n",
    made: [],
  },
  {
    name: "packages that are there are not ours",
    resource: pkg({ name: ["curl", "acl", "nginx"] }),
    probed: "dpkg installed amd64\ncurl installed amd64\nnginx half-configured amd64\n",
    made: ["package acl"],
  },
  {
    name: "a user that is there joins groups",
    resource: user({ name: "u", groups: ["adm", "systemd-journal"] }),
    probed: "entry u:/home/u:/bin/sh\nu adm\n",
    made: ["membership u systemd-journal"],
  },
  {
    name: "an entry that had another value is not ours, one that was missing is",
    resource: envFile({ path: "/e", entries: { A: "1", B: "2", C: "3" } }),
    probed: "present\n8180 600 root root 0 0\nanswers 0\nanswer 0 A value 7\nanswer 0 B absent\n",
    made: ["entry /e B"],
  },
];

for (const { name, resource, probed, made } of cases)
  t.test(`makes: ${name}`, async (t) => {
    t.same(makes(resource, probed), made);
  });

t.test("what a command does goes by what it creates, and by how it is undone", async (t) => {
  const run = sh`:`;
  t.same(makes(command({ name: "c", creates: "/c", run }), "0 creates absent\n"), ["file /c"]);
  const [undone = ""] = makes(command({ name: "c", unless: run, run, undo: sh`rm -- ${"it's"}` }), "0 unless 1\n");
  const [, digits, base64 = ""] = /^undo c ([0-9a-f]{8})\.(\S+)$/.exec(undone) ?? [];
  t.ok(digits);
  t.equal(Buffer.from(base64, "base64").toString(), `rm -- 'it'\\''s'`);
});

t.test("members of a JSON file go as they came, and what others put there stays", async (t) => {
  const found = { log: { max: 1 }, theirs: [] };
  const entries = { log: { level: "info" }, theirs: [], deep: { a: { b: 1 } } };
  const added = addedTo(found, entries);
  t.same(added, [["log", "level"], ["deep"], ["deep", "a"], ["deep", "a", "b"]]);
  const merged = { log: { max: 1, level: "warn" }, theirs: [], deep: { a: { b: 1, c: 2 } } };
  t.same(withoutMembers(merged, added.toReversed()), { ...found, deep: { a: { c: 2 } } });
  t.same(withoutMembers([1], added), [1]);
  t.same(added.map(placeWord).map(placeIn), added);
  for (const word of ["", "x", "bnVsbA==", "WzFd"]) t.equal(placeIn(word), undefined);
});
