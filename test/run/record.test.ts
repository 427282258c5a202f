import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import t from "tap";
import { command } from "../../engine/resource/command.ts";
import { directory } from "../../engine/resource/directory.ts";
import { file } from "../../engine/resource/file.ts";
import { noteMade, notesOf } from "../../engine/resource/made.ts";
import { defineResource } from "../../engine/resource/resource.ts";
import { parseRecord, recordLine, scopeOf } from "../../engine/run/record.ts";
import { sh } from "../../engine/shell/sh.ts";
import { applyNoted, plan } from "../support/converges.ts";
import { convergeLocally, statePaths } from "../support/local-run.ts";
import { shells } from "../support/shells.ts";
import { canTrace, processesOf } from "../support/trace.ts";

const owner = userInfo().username;

t.test("a scope is an inventory and a playbook, whatever the checkout", async (t) => {
  const one = scopeOf(["git@x:y hosts.yml"], { playbook: "playbooks/site.mts" });
  t.same(one, scopeOf(["git@x:y hosts.yml"], { playbook: "playbooks/site.mts" }));
  t.equal(one.inventory, scopeOf(["git@x:y hosts.yml"], { playbook: "other.mts" }).inventory);
  t.not(one.inventory, scopeOf(["git@x:y other.yml"], { playbook: "playbooks/site.mts" }).inventory);
});

t.test("a record is read as it was written, each thing once; what a broken disk left is none", async (t) => {
  const good = [
    "aaaaaaaa.bbbbbbbb 11111111 file - /a b/it's",
    "aaaaaaaa.bbbbbbbb 11111111 entry KEY /home/x/.env",
    "aaaaaaaa.bbbbbbbb 22222222 package pulled libc6",
  ];
  t.same(parseRecord(`${good.join("\n")}\n`).map(recordLine), good);
  t.same(parseRecord([...good, good[0]].join("\n")).map(recordLine), [good[1], good[2], good[0]], "where it is last");
  for (const line of [
    "",
    "\0\0\0",
    "aaaaaaaa.bbbbbbbb 11111111 file -",
    "aaaaaaaa.bbbbbbbb 11111111 file - relative",
    "aaaaaaaa.bbbbbbbb 11111111 tree - /",
    "aaaaaaaa.bbbbbbbb 11111111 rocket - /a",
    "aaaaaaaa.bbbbbbb 11111111 file - /a",
    "aaaaaaaa.bbbbbbbb 11111111 file - /a\0b",
    "aaaaaaaa.bbbbbbbb 11111111 file - /a/../etc",
  ])
    t.same(parseRecord(line), [], JSON.stringify(line));
});

for (const shell of shells) {
  t.test(
    `what is not there yet is noted, with the folders above it, and before it is there (${shell[0]})`,
    async (t) => {
      const dir = t.testdir({ home: {}, state: {} });
      const home = `${dir}/home`;
      const paths = { state: `${dir}/state`, log: `${dir}/state` };
      const noted = () =>
        parseRecord(readFileSync(`${paths.state}/made`, "utf8")).map(
          ({ what, name }) => `${what} ${name.slice(home.length)}`,
        );
      mkdirSync(`${home}/theirs`);
      const steps = plan(shell, [
        directory({ path: `${home}/a/b`, owner }),
        command({ name: "looks", creates: `${home}/seen`, run: sh`cp ${`${paths.state}/made`} ${`${home}/seen`}` }),
        file({ path: `${home}/theirs/f`, content: "1", owner }),
      ]);
      rmSync(`${home}/theirs`, { recursive: true });
      mkdirSync(`${home}/theirs`);
      // Somebody else made it between the look and the change.
      writeFileSync(`${home}/theirs/f`, "theirs");
      applyNoted(shell, steps, paths);
      t.same(noted(), ["folder /a", "folder /a/b", "file /seen"]);
      t.match(readFileSync(`${home}/seen`, "utf8"), / file - .*\/seen\n$/, "noted before it was made");
    },
  );

  t.test(`a note takes no process (${shell[0]})`, { skip: !canTrace }, async (t) => {
    const dir = t.testdir();
    const notes = notesOf("11111111", [
      { what: "file", name: `${dir}/a/b/c` },
      { what: "user", name: "u" },
    ]);
    t.equal(processesOf(dir, shell, sh`made_in=${`${dir}/made`} made_by=x; ${noteMade}; ${notes}`), 0);
    t.equal(readFileSync(`${dir}/made`, "utf8").trim().split("\n").length, 4);
  });
}

t.test("a run that finds all in sync notes nothing, and one of a new role only what is new", async (t) => {
  const dir = t.testdir();
  const made = () =>
    readFileSync(`${statePaths(dir).state}/made`, "utf8")
      .trim()
      .split("\n").length;
  const wish = (...names: readonly string[]) =>
    names.map((name) => file({ path: `${dir}/${name}`, content: "1", owner }));
  await convergeLocally(t, dir, wish("one"));
  t.equal(made(), 1);
  await convergeLocally(t, dir, wish("one"));
  await convergeLocally(t, dir, wish("one", "two"));
  t.equal(made(), 2);
});

t.test("an image that is had before its turn is noted before that, also where its turn never comes", async (t) => {
  const dir = t.testdir();
  const pulled = defineResource<{ name: string }, boolean>({
    name: "pulled",
    id: ({ name }) => name,
    probe: () => sh`echo absent`,
    parse: (_, all) => all.map(() => false),
    diff: () => [{ field: "image", after: "there" }],
    makes: ({ name }) => [
      { what: "file", name: `${dir}/later` },
      { what: "image", name },
    ],
    early: () => sh`:`,
    apply: () => sh`:`,
  });
  const fails = command({ name: "fails", creates: `${dir}/never`, run: sh`exit 1` });
  t.ok((await convergeLocally(t, dir, [fails, pulled({ name: "i:1" })])).error);
  const noted = parseRecord(readFileSync(`${statePaths(dir).state}/made`, "utf8"));
  t.same(
    noted.map(({ what, name }) => `${what} ${name}`),
    ["image i:1", `file ${dir}/never`],
  );
});
