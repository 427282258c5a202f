import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import t from "tap";
import { directory } from "../../engine/resource/directory.ts";
import { file } from "../../engine/resource/file.ts";
import { inBulk } from "../../engine/run/apply.ts";
import { ApplyError } from "../../engine/run/converge-error.ts";
import { frame } from "../../engine/shell/frame.ts";
import { sh } from "../../engine/shell/sh.ts";
import { plan } from "../support/converges.ts";
import { convergeLocally, statePaths } from "../support/local-run.ts";
import { shells } from "../support/shells.ts";
import { canTrace, processesOf } from "../support/trace.ts";

const owner = userInfo().username;
const numbered = (dir: string, count: number) =>
  Array.from({ length: count }, (_, index) => file({ path: `${dir}/${index}`, content: `${index}`, owner }));

t.test("what is joined: files in a row without a validator; the order of all else stays", async (t) => {
  const dir = t.testdir();
  const [a, b, c, d] = numbered(dir, 4) as [File, File, File, File];
  const folder = directory({ path: `${dir}/folder`, owner });
  const judged = file({ path: `${dir}/judged`, content: "x", owner, validate: () => sh`true` });
  const others = file({ path: `${dir}/others`, content: "x" }, { becomeUser: "daemon" });
  const steps = plan(shells[0] ?? [], [a, b, folder, c, judged, d, others]);
  t.same(
    inBulk(steps).map((batch) => batch.steps.map(({ resource: { id } }) => id.slice(dir.length + 1))),
    [["0", "1"], ["folder"], ["2"], ["judged"], ["3"], ["others"]],
  );
});
type File = ReturnType<typeof file>;

t.test("a handler is notified once for all, and each change has its line in the journal", async (t) => {
  const dir = t.testdir();
  const files = numbered(dir, 20).map((one) => ({ ...one, options: { notify: ["restart"] } }));
  const handlers = { restart: sh`echo restart >>${`${dir}/ran`}` };
  const { error, progress, execs } = await convergeLocally(t, dir, files, { handlers });
  t.equal(error, undefined);
  t.equal(progress.changed.size, 20);
  t.equal(execs, 5, "facts, the look, the lock, the changes, the handler");
  t.equal(readFileSync(`${dir}/ran`, "utf8"), "restart\n");
  const journal = readFileSync(`${statePaths(dir).log}/journal.jsonl`, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  t.same(
    journal.map(({ resource, fields }) => [resource, fields]).slice(0, 20),
    files.map(({ id }) => [`file ${id}`, ["content", "mode", "owner"]]),
  );
});

t.test("where one of many fails it is named; those before it are changed, those behind it are not", async (t) => {
  const dir = t.testdir();
  const files = numbered(dir, 6);
  mkdirSync(`${dir}/3`);
  const { error, progress } = await convergeLocally(t, dir, files);
  t.ok(error instanceof ApplyError);
  t.match(error, { message: `file ${dir}/3 failed: exit 1`, step: { id: `${dir}/3` }, stderr: /is a directory/ });
  t.same(
    [...progress.changed],
    files.slice(0, 3).map(({ id }) => `file ${id}`),
  );
  t.same(
    ["2", "4"].map((name) => existsSync(`${dir}/${name}`)),
    [true, false],
  );
  t.same(
    readdirSync(dir).filter((name) => name.startsWith(".staged")),
    [],
  );
});

for (const shell of shells)
  t.test(
    `a thousand new files take no more processes than two (${shell[0]})`,
    { skip: !canTrace && "no strace" },
    async (t) => {
      const processes = (count: number) => {
        const dir = t.testdir();
        const scripts = inBulk(plan(shell, numbered(dir, count))).map(({ script }) => script);
        const taken = processesOf(dir, shell, frame(scripts, "nonce"));
        t.equal(readdirSync(dir).length, count + 1);
        return taken;
      };
      const [two, thousand] = [processes(2), processes(1000)];
      t.equal(thousand, two);
      t.ok(thousand <= 10, `${thousand} processes`);
    },
  );
