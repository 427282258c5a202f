import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import t from "tap";
import { command } from "../../engine/resource/command.ts";
import { directory } from "../../engine/resource/directory.ts";
import { envFile } from "../../engine/resource/env-file.ts";
import { file } from "../../engine/resource/file.ts";
import { jsonFile } from "../../engine/resource/json-file.ts";
import { link } from "../../engine/resource/link.ts";
import { Secret } from "../../engine/shell/secret.ts";
import { sh } from "../../engine/shell/sh.ts";
import { apply, applyNoted, plan, retires, snapshot, unmake } from "../support/converges.ts";
import { shells } from "../support/shells.ts";

const owner = userInfo().username;

for (const name of ["f", "it's $(id)", "-n", "é"])
  retires(t, `a file ${JSON.stringify(name)}`, (dir) => file({ path: `${dir}/${name}`, content: "1\n", owner }));

retires(t, "several files at once", (dir) =>
  ["a", "b", "c"].map((name) => file({ path: `${dir}/${name}`, content: name, owner })),
);

retires(t, "a file in the place of another, and of a link", (dir) => {
  writeFileSync(`${dir}/f`, "theirs\n", { mode: 0o640 });
  symlinkSync("nowhere", `${dir}/l`);
  return ["f", "l"].map((name) => file({ path: `${dir}/${name}`, content: "ours\n", owner, mode: "0600" }));
});

retires(t, "a folder with all that is missing above it", (dir) => [
  directory({ path: `${dir}/a/b c/d`, owner, mode: "0700" }),
  file({ path: `${dir}/a/b c/d/f`, content: "1", owner }),
  link({ path: `${dir}/a/b c/l`, target: "d/f" }),
]);

retires(t, "a link in the place of another", (dir) => {
  symlinkSync("theirs", `${dir}/l`);
  return link({ path: `${dir}/l`, target: "ours" });
});

const LINES = "# theirs\nA=1\nexport B='x y'\n\n";
for (const [what, text] of Object.entries({ "of others": LINES, "that is empty": "" }))
  retires(t, `entries in a file ${what}`, (dir) => {
    writeFileSync(`${dir}/.env`, text, { mode: 0o600 });
    return envFile({ path: `${dir}/.env`, entries: { TOKEN: new Secret("it's", "test"), PLAIN: "1" }, owner });
  });

retires(t, "a file of entries that was not there", (dir) =>
  envFile({ path: `${dir}/.env`, entries: { TOKEN: new Secret("t", "test") }, owner }),
);

retires(t, "members of a JSON file of others", (dir) => {
  writeFileSync(`${dir}/d.json`, '{\n  "log": {\n    "max": 1\n  },\n  "theirs": []\n}\n');
  const entries = { log: { level: "info" }, mirrors: ["m"], deep: { a: { b: 1 } } };
  return jsonFile({ path: `${dir}/d.json`, entries });
});

retires(t, "a JSON file that was not there", (dir) =>
  jsonFile({ path: `${dir}/d.json`, entries: { a: { b: 1 } }, owner }),
);

retires(t, "what a command did, by what it creates, or by what it says", (dir) => [
  command({ name: "creates", creates: `${dir}/sub/made`, run: sh`mkdir -p ${`${dir}/sub`}; : >${`${dir}/sub/made`}` }),
  command({ name: "a folder", creates: `${dir}/folder`, run: sh`mkdir ${`${dir}/folder`}` }),
  command({
    name: "it's undone",
    unless: sh`[ -e ${`${dir}/x`} ]`,
    run: sh`: >${`${dir}/x`}`,
    undo: sh`rm -f -- ${`${dir}/x`}`,
  }),
]);

for (const shell of shells) {
  const inTurn = async (t: import("tap").Test) => {
    const dir = t.testdir({ home: {}, state: {} });
    return { home: `${dir}/home`, paths: { state: `${dir}/state`, log: `${dir}/state` } };
  };

  t.test(`what is not ours stays, and why is said (${shell[0]})`, async (t) => {
    const { home, paths } = await inTurn(t);
    mkdirSync(`${home}/theirs`);
    const wish = [
      directory({ path: `${home}/theirs`, owner, mode: "0755" }),
      directory({ path: `${home}/ours/sub`, owner }),
      file({ path: `${home}/ours/f`, content: "1", owner }),
      envFile({ path: `${home}/.env`, entries: { A: "1" }, owner }),
      jsonFile({ path: `${home}/d.json`, entries: { a: 1 }, owner }),
    ];
    applyNoted(shell, plan(shell, wish), paths);
    for (const name of ["one", "two", "three"]) writeFileSync(`${home}/ours/sub/${name}`, "");
    writeFileSync(`${home}/.env`, "A=2\nB=1\n");
    writeFileSync(`${home}/d.json`, '{"a":7,"theirs":1}');
    t.same(unmake(shell, paths), [
      `left folder ${home}/ours/sub: it holds what no run made (one, three, 1 more): data; --with-data removes it too`,
      `left folder ${home}/ours: sub in it stays`,
      `left file ${home}/d.json: others have entries in it`,
      `left file ${home}/.env: others have entries in it`,
    ]);
    t.same(
      snapshot(home).map((line) => line.replace(/ \d.*? \d+ /, " ")),
      [
        ".env B=1\n",
        'd.json {\n  "theirs": 1\n}\n',
        "ours folder",
        "ours/sub folder",
        "ours/sub/one ",
        "ours/sub/three ",
        "ours/sub/two ",
        "theirs folder",
      ],
    );
    t.same(unmake(shell, paths, true).length, 2, "files of others stay with --with-data too");
    t.notMatch(snapshot(home), [/^ours/]);
  });

  t.test(`what an earlier run made is never kept as found before (${shell[0]})`, async (t) => {
    const { home, paths } = await inTurn(t);
    const wish = (content: string) => file({ path: `${home}/f`, content, owner });
    applyNoted(shell, plan(shell, [wish("1")]), paths);
    applyNoted(shell, plan(shell, [wish("2")]), paths);
    t.same(unmake(shell, paths), []);
    t.same(snapshot(home), []);
  });

  t.test(`a run that dies leaves a note of what it was about to make (${shell[0]})`, async (t) => {
    const { home, paths } = await inTurn(t);
    const run = sh`mkdir ${`${home}/half`}; exit 1`;
    const wish = command({ name: "dies", creates: `${home}/half`, run });
    t.throws(() => applyNoted(shell, plan(shell, [wish]), paths));
    t.same(unmake(shell, paths), []);
    t.same(snapshot(home), []);
    t.throws(() => apply(shell, plan(shell, [wish])));
  });
}
