import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import t from "tap";
import { absent } from "../../engine/resource/absent.ts";
import { apply, converges, plan } from "../support/converges.ts";
import { shells } from "../support/shells.ts";

for (const name of ["it's $HOME", "-rf", "é", "$(id)", "a b", "back\\slash", "[x]*", "tab\tbed"]) {
  converges(t, `absent converges on a file, a link and a directory named ${name}`, (dir) => {
    mkdirSync(`${dir}/${name}/in it`, { recursive: true });
    writeFileSync(`${dir}/${name}.txt`, "x");
    symlinkSync("nowhere", `${dir}/${name}.link`);
    return [
      absent({ path: `${dir}/${name}`, recursive: true }),
      absent({ path: `${dir}/${name}.txt` }),
      absent({ path: `${dir}/${name}.link` }),
    ];
  });
}

for (const shell of shells) {
  t.test(`absent in ${shell[0]}`, async (t) => {
    t.test("what is not there needs nothing", async (t) => {
      t.same(plan(shell, [absent({ path: `${t.testdir()}/x` }), absent({ path: "/no/such/parent" })]), []);
    });

    t.test("a directory is kept unless it may go with all in it", async (t) => {
      const path = t.testdir({ kept: "x" });
      const steps = plan(shell, [absent({ path })]);
      t.same(steps[0]?.changes, [{ field: "type", before: "directory", after: "absent" }]);
      t.throws(() => apply(shell, steps), /recursive: true/);
      t.ok(existsSync(`${path}/kept`));
    });

    t.test("a link to a directory goes, the directory stays", async (t) => {
      const dir = t.testdir({ real: { kept: "x" } });
      symlinkSync("real", `${dir}/link`);
      apply(shell, plan(shell, [absent({ path: `${dir}/link`, recursive: true })]));
      t.ok(existsSync(`${dir}/real/kept`));
      t.notOk(existsSync(`${dir}/link`));
    });

    t.test("a top-level directory is refused, also by way of a link", async (t) => {
      const top = mkdtempSync("/absent-");
      t.teardown(() => rmSync(top, { recursive: true }));
      const dir = t.testdir();
      symlinkSync("/", `${dir}/root`);
      for (const path of [top, `${dir}/root${top}`]) {
        t.throws(() => apply(shell, plan(shell, [absent({ path, recursive: true })])), /top-level/);
      }
      t.ok(existsSync(top));
    });

    t.test("a directory that has something mounted in it is refused", async (t) => {
      const step = plan(shell, [absent({ path: "/dev/pts", recursive: true })]);
      t.throws(() => apply(shell, step), /has \/dev\/pts mounted in it/);
    });
  });
}

t.test("absent refuses / and paths that do not show what would be removed", async (t) => {
  for (const path of ["/", "//", "/var/../etc", "/etc/", "/a//b", "relative"]) t.throws(() => absent({ path }), path);
});
