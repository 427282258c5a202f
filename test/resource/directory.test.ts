import { mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import t from "tap";
import { directory } from "../../engine/resource/directory.ts";
import { apply, converges, plan } from "../support/converges.ts";
import { shells } from "../support/shells.ts";

for (const name of ["it's $HOME", "-p", "é", "$(id)", "a b", "back\\slash", "[x]*", "missing/parents/too"]) {
  converges(t, `directory converges on a path named ${name}`, (dir) => directory({ path: `${dir}/${name}` }));
}

converges(t, "directory converges on a mode, owner and group of its own", (dir) =>
  directory({ path: `${dir}/d`, mode: "2750", owner: "daemon", group: "daemon" }),
);

converges(t, "directory converges for a parent that is listed after its child", (dir) => [
  directory({ path: `${dir}/a/b`, mode: "0700" }),
  directory({ path: `${dir}/a`, mode: "0711" }),
]);

for (const shell of shells) {
  t.test(`directory in ${shell[0]}`, async (t) => {
    const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8);

    t.test("missing parents are open to read, the last one has the wanted mode", async (t) => {
      const path = `${t.testdir()}/a/b/c`;
      apply(shell, plan(shell, [directory({ path, mode: "0700" })]));
      t.same([`${path}/../..`, `${path}/..`, path].map(mode), ["755", "755", "700"]);
    });

    t.test("mode alone is changed without touching what is in it", async (t) => {
      const path = t.testdir({ kept: "x" });
      const steps = plan(shell, [directory({ path, mode: "0711" })]);
      t.same(
        steps[0]?.changes.map(({ field, after }) => [field, after]),
        [["mode", "0711"]],
      );
      apply(shell, steps);
      t.equal(mode(path), "711");
      t.ok(statSync(`${path}/kept`).isFile());
    });

    t.test("a file or a link in the way is said, and left alone", async (t) => {
      const dir = t.testdir();
      writeFileSync(`${dir}/file`, "mine");
      mkdirSync(`${dir}/real`);
      symlinkSync("real", `${dir}/link`);
      for (const type of ["file", "link"]) {
        const steps = plan(shell, [directory({ path: `${dir}/${type}` })]);
        t.match(steps[0]?.changes[0], { field: "type", before: type, after: "directory" });
        t.throws(() => apply(shell, steps), /in the way/);
      }
      t.equal(statSync(`${dir}/file`).size, 4);
    });
  });
}

t.test("directory refuses a relative path, and a mode that is not four octal digits", async (t) => {
  for (const mode of ["755", "0855", "u+x", ""]) t.throws(() => directory({ path: "/d", mode }), /four octal digits/);
  t.throws(() => directory({ path: "var/lib" }), /absolute/);
});
