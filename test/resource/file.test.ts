import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import t from "tap";
import { directory } from "../../engine/resource/directory.ts";
import { file } from "../../engine/resource/file.ts";
import { Secret } from "../../engine/shell/secret.ts";
import { trusted } from "../../engine/shell/sh.ts";
import { apply, converges, plan } from "../support/converges.ts";
import { shells } from "../support/shells.ts";

const contents = [
  "",
  "plain\n",
  "it's",
  "$(id) `id` $HOME",
  "two\nlines\n\n",
  "-n",
  "é ✓\n",
  "back\\slash \\n",
  "%s %d",
];

for (const content of contents) {
  converges(t, `file converges on content ${JSON.stringify(content)}`, (dir) => file({ path: `${dir}/f`, content }));
}

for (const name of ["it's $HOME", "-n", "é", "$(id)", "a b", "back\\slash", "[x]*"]) {
  converges(t, `file converges on a path named ${name}`, (dir) =>
    file({ path: `${dir}/${name}`, content: "x", mode: "0640" }),
  );
}

converges(t, "file converges for three hundred at once", (dir) =>
  Array.from({ length: 300 }, (_, index) => file({ path: `${dir}/${index}`, content: `${index}\n` })),
);

converges(t, "file converges for many at once of all names, modes, owners and folders", (dir) =>
  ["it's $HOME", "-n", "é", "$(id)", "a b", "back\\slash", "[x]*", ".hidden", "..odd", "new", "held"].flatMap(
    (name, index) => [
      ...(index % 3 === 0 ? [directory({ path: `${dir}/it's ${index}` })] : []),
      file({ path: `${dir}/${name}`, content: contents[index] ?? "", mode: index % 2 ? "0640" : "0644" }),
      file({
        path: `${dir}/it's ${index - (index % 3)}/${name}`,
        content: new Secret(`secret ${index}`, "test"),
        mode: "0600",
        ...(index % 2 ? { owner: "daemon" } : { owner: "root", group: "daemon" }),
      }),
    ],
  ),
);

for (const shell of shells) {
  t.test(`files in bulk in ${shell[0]}`, async (t) => {
    const dir = t.testdir({
      there: "old",
      taken: {},
      elsewhere: "kept",
      way: t.fixture("symlink", "elsewhere"),
    });
    const files = (...names: readonly string[]) => names.map((name) => file({ path: `${dir}/${name}`, content: name }));

    t.test("a link in the way is replaced, and what it leads to stays", async (t) => {
      apply(shell, plan(shell, files("there", "way")));
      t.same([readFileSync(`${dir}/there`, "utf8"), readFileSync(`${dir}/way`, "utf8")], ["there", "way"]);
      t.equal(readFileSync(`${dir}/elsewhere`, "utf8"), "kept");
    });

    t.test("where one cannot be replaced none of its folder is, and no copy is left", async (t) => {
      const before = readdirSync(dir);
      t.throws(() => apply(shell, plan(shell, files("a", "taken", "b"))), /taken is a directory/);
      t.same(readdirSync(dir), before);
    });
  });
}

for (const shell of shells) {
  t.test(`file in ${shell[0]}`, async (t) => {
    const path = `${t.testdir()}/f`;
    const fields = (resource: ReturnType<typeof file>) =>
      plan(shell, [resource]).flatMap(({ changes }) => changes.map((c) => c.field));

    t.test("mode alone is changed without rewriting the content", async (t) => {
      writeFileSync(path, "same", { mode: 0o600 });
      const before = statSync(path).ino;
      const steps = plan(shell, [file({ path, content: "same", mode: "0640" })]);
      t.match(steps[0]?.changes, [{ field: "mode", before: "0600", after: "0640" }]);
      apply(shell, steps);
      t.equal(statSync(path).ino, before);
    });

    t.test("a differing text is fetched for the diff, a secret one is not", async (t) => {
      writeFileSync(path, "old\n", { mode: 0o644 });
      t.match(plan(shell, [file({ path, content: "new\n" })])[0]?.changes[0]?.text, {
        before: "old\n",
        after: "new\n",
      });
      const [step] = plan(shell, [file({ path, content: new Secret("new\n", "test") })]);
      t.equal(step?.changes[0]?.text, undefined);
    });

    t.test("a refused validation leaves the old content and no staged copy", async (t) => {
      writeFileSync(path, "good", { mode: 0o644 });
      const bad = file({
        path,
        content: "bad",
        validate: (staged) => trusted(`grep -q good ${staged.text} || { echo no good >&2; exit 3; }`),
      });
      t.throws(() => apply(shell, plan(shell, [bad])), /exit 3: no good/);
      t.equal(readFileSync(path, "utf8"), "good");
      t.same(readdirSync(dirname(path)), ["f"]);
    });

    t.test("a directory in the way is said, not filled", async (t) => {
      const dir = t.testdir();
      const steps = plan(shell, [file({ path: dir, content: "x" })]);
      t.match(steps[0]?.changes[0], { field: "content", before: "directory" });
      t.throws(() => apply(shell, steps), /is a directory/);
    });

    t.test("an owner and a group are fields of their own", async (t) => {
      writeFileSync(path, "x");
      chmodSync(path, 0o644);
      t.same(fields(file({ path, content: "x", owner: "daemon", group: "daemon" })), ["owner", "group"]);
    });
  });
}

t.test("file refuses a relative path, a path of two lines, and a mode that is not four octal digits", async (t) => {
  t.throws(() => file({ path: "/f", content: "", mode: "644" }), /four octal digits/);
  t.throws(() => file({ path: "etc/motd", content: "" }), /absolute/);
  t.throws(() => file({ path: "/etc/a\nb", content: "" }), /one line/);
});
