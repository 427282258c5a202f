import { chmodSync, chownSync, linkSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import t, { type Test } from "tap";
import { enterFolderOf, enterMade, folders } from "../../engine/resource/folder.ts";
import { type Script, sh } from "../../engine/shell/sh.ts";
import { runSections, shells } from "../support/shells.ts";

/** A user that is not root, and one more. */
const [OTHER, THIRD] = [65_534, 1];
const needsRoot = process.getuid?.() === 0 ? false : "needs root: folders of several users";

for (const shell of shells) {
  const run = (script: Script) => {
    const [section] = runSections(shell, [script]);
    return section?.status === 0 ? section.stdout.trim() : (section?.stderr ?? "");
  };
  const enter = (path: string) =>
    run(sh`${folders}
    enter ${path}; readlink /proc/self/cwd`);

  t.test(`folders in ${shell[0]}`, async (t) => {
    t.test("a folder is entered by its real path, over links and odd names", async (t) => {
      const dir = t.testdir({ "it's $(id)": { "-n": {} } });
      symlinkSync("it's $(id)", `${dir}/link`);
      symlinkSync(`${dir}/link/`, `${dir}/absolute`);
      const real = `${dir}/it's $(id)/-n`;
      for (const path of [real, `${dir}/link/-n`, `${dir}//absolute/./-n/`, `${dir}/link/../absolute/-n`])
        t.equal(enter(path), real, path);
      t.equal(enter("/"), "/");
    });

    t.test("what is no folder, or leads in a circle, is said", async (t) => {
      const dir = t.testdir({ file: "" });
      symlinkSync("circle", `${dir}/circle`);
      t.match(enter(`${dir}/file`), `found no folder ${dir}/file, expected one`);
      t.match(enter(`${dir}/none/deeper`), /found no folder .*, expected one \(at none\)/);
      t.match(enter(`${dir}/circle`), /more than 40 links/);
    });

    t.test("a link is followed to where who can turn it is at home, and no further", { skip: needsRoot }, async (t) => {
      const { dir, theirs } = homes(t);
      symlinkSync("releases/5", `${theirs}/current`);
      symlinkSync(`${dir}/roots`, `${theirs}/out`);
      symlinkSync(`${dir}/thirds`, `${theirs}/over`);
      symlinkSync(theirs, `${dir}/byRoot`);
      t.equal(enter(`${theirs}/current`), `${theirs}/releases/5`);
      t.equal(enter(`${dir}/byRoot/current`), `${theirs}/releases/5`, "root's own link on the way");
      t.match(enter(`${theirs}/out`), `a link that user ${OTHER} can turn, to ${dir}/roots, which is root's`);
      t.match(enter(`${theirs}/over`), /which is daemon's/);
      t.match(enter(`${theirs}/out/../theirs/out`), /which is root's/, "also by way of a folder of theirs");
    });

    t.test("in a folder that all may write to, who made the link counts", { skip: needsRoot }, async (t) => {
      const { dir } = homes(t);
      mkdirSync(`${dir}/tmp`);
      chmodSync(`${dir}/tmp`, 0o1777);
      symlinkSync(`${dir}/roots`, `${dir}/tmp/ours`);
      t.equal(enter(`${dir}/tmp/ours`), `${dir}/roots`);
      run(sh`ln -s ${`${dir}/roots`} ${`${dir}/tmp/theirs`}; chown -h ${OTHER} ${`${dir}/tmp/theirs`}`);
      t.match(enter(`${dir}/tmp/theirs`), /which is root's/);
    });

    t.test("a missing folder is made, its parents open to read", async (t) => {
      const dir = t.testdir();
      t.equal(
        run(sh`${enterMade(`${dir}/a/b c`)}
        readlink /proc/self/cwd`),
        `${dir}/a/b c`,
      );
      t.same(
        [`${dir}/a`, `${dir}/a/b c`].map((path) => statSync(path).mode & 0o777),
        [0o755, 0o700],
      );
    });

    t.test("a staging folder is ours alone, and gone at the end", async (t) => {
      const dir = t.testdir({ file: "x" });
      const held = run(sh`
        ${enterFolderOf(`${dir}/file`)}
        stage
        stat -c '%a %u' .
        hold file
        cat held`);
      t.equal(held, `700 ${process.getuid?.()}\nx`);
      t.same(readdirSync(dir), ["file"]);
    });

    t.test(
      "a file with a name elsewhere is held only where nobody else can make one",
      { skip: needsRoot },
      async (t) => {
        const { dir, theirs } = homes(t);
        writeFileSync(`${dir}/roots/secret`, "hush", { mode: 0o600 });
        linkSync(`${dir}/roots/secret`, `${dir}/roots/second`);
        linkSync(`${dir}/roots/secret`, `${theirs}/env`);
        const hold = (path: string) =>
          run(sh`
        ${enterFolderOf(path)}
        stage
        hold ${path.split("/").at(-1) ?? ""}
        cat held`);
        t.equal(hold(`${dir}/roots/second`), "hush");
        t.match(hold(`${theirs}/env`), /env has another name elsewhere/);
        symlinkSync(`${dir}/roots/secret`, `${theirs}/link`);
        t.match(hold(`${theirs}/link`), /is in the way and is not a file/);
        t.match(hold(`${theirs}/releases`), /hard link|is not a file|not permitted/i);
        t.same(readdirSync(theirs).sort(), ["env", "link", "releases"]);
      },
    );

    t.test("a file is looked at by its own name only", { skip: needsRoot }, async (t) => {
      const { dir, theirs } = homes(t);
      writeFileSync(`${dir}/roots/secret`, "hush");
      writeFileSync(`${theirs}/env`, "A=1");
      linkSync(`${dir}/roots/secret`, `${theirs}/hard`);
      symlinkSync(`${dir}/roots`, `${theirs}/out`);
      symlinkSync(`${dir}/roots/secret`, `${theirs}/soft`);
      const look = (path: string) =>
        run(sh`${folders}
        look ${path} && cat <&3 || echo none`);
      t.equal(look(`${theirs}/env`), "A=1");
      t.equal(look(`${theirs}/soft`), "none");
      t.match(look(`${theirs}/hard`), /another name elsewhere/);
      t.match(look(`${theirs}/out/secret`), /which is root's/);
    });
  });
}

/** A folder of root's, one of each other user's. */
function homes(t: Test): { readonly dir: string; readonly theirs: string } {
  const dir = t.testdir({ roots: {}, theirs: { releases: { 5: {} } }, thirds: {} });
  const theirs = `${dir}/theirs`;
  for (const path of [theirs, `${theirs}/releases`, `${theirs}/releases/5`]) chownSync(path, OTHER, OTHER);
  chownSync(`${dir}/thirds`, THIRD, THIRD);
  return { dir, theirs };
}
