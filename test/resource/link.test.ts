import { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import t from "tap";
import { link } from "../../engine/resource/link.ts";
import { apply, converges, plan } from "../support/converges.ts";
import { shells } from "../support/shells.ts";

for (const hostile of ["it's $HOME", "-s", "é", "$(id)", "a b", "back\\slash", "[x]*"]) {
  converges(t, `link converges on a path and a target named ${hostile}`, (dir) =>
    link({ path: `${dir}/${hostile}`, target: hostile }),
  );
}

for (const target of ["two\nlines", "ends in a newline\n", "../up", "/nowhere/at all"]) {
  converges(t, `link converges on the target ${JSON.stringify(target)}`, (dir) => link({ path: `${dir}/l`, target }));
}

for (const shell of shells) {
  t.test(`link in ${shell[0]}`, async (t) => {
    t.test("a link to a directory is replaced, not followed", async (t) => {
      const dir = t.testdir();
      mkdirSync(`${dir}/1.0`);
      mkdirSync(`${dir}/2.0`);
      symlinkSync("1.0", `${dir}/current`);
      const steps = plan(shell, [link({ path: `${dir}/current`, target: "2.0" })]);
      t.same(steps[0]?.changes, [{ field: "target", before: "1.0", after: "2.0" }]);
      apply(shell, steps);
      t.equal(readlinkSync(`${dir}/current`), "2.0");
      t.same(readdirSync(dir), ["1.0", "2.0", "current"]);
      t.same(readdirSync(`${dir}/1.0`), []);
    });

    t.test("a file or directory in the way is said, and left alone", async (t) => {
      const dir = t.testdir({ directory: {} });
      writeFileSync(`${dir}/file`, "mine");
      for (const type of ["file", "directory"]) {
        const steps = plan(shell, [link({ path: `${dir}/${type}`, target: "elsewhere" })]);
        t.match(steps[0]?.changes, [{ field: "target", before: `(a ${type})` }]);
        t.throws(() => apply(shell, steps), /in the way/);
      }
      t.equal(readFileSync(`${dir}/file`, "utf8"), "mine");
    });
  });
}

t.test("link refuses an empty target", async (t) => {
  t.throws(() => link({ path: "/l", target: "" }), /empty/);
});
