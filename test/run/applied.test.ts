import { readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import t from "tap";
import { command } from "../../engine/resource/command.ts";
import { envFile } from "../../engine/resource/env-file.ts";
import { file } from "../../engine/resource/file.ts";
import type { Resource } from "../../engine/resource/resource.ts";
import { appliedProbe, noteApplied, parseApplied } from "../../engine/run/applied.ts";
import { recordPath } from "../../engine/run/record.ts";
import { Secret } from "../../engine/shell/secret.ts";
import { sh } from "../../engine/shell/sh.ts";
import { convergeLocally, type LocalRun, statePaths } from "../support/local-run.ts";
import { runSections, shells } from "../support/shells.ts";
import { processesOf } from "../support/trace.ts";

const SCOPE = "aaaaaaaa.bbbbbbbb";
const owner = userInfo().username;

/** Why each resource differs in the first pass, by the end of its id. */
function causes({ events }: LocalRun): Readonly<Record<string, string>> {
  const [planned] = events.flatMap((event) => (event.kind === "planned" ? [event] : []));
  return Object.fromEntries((planned?.steps ?? []).map(({ id, cause = "unknown" }) => [id.split("/").at(-1), cause]));
}

t.test("what was edited on the host is told apart from what the repository wants now", async (t) => {
  const dir = t.testdir();
  const wish = (contents: Readonly<Record<string, string>>) =>
    Object.entries(contents).map(([name, content]) => file({ path: `${dir}/${name}`, content, owner }));
  const look = (resources: readonly Resource[]) => convergeLocally(t, dir, resources, { check: true });
  const first = { edited: "1", moved: "1", both: "1", held: "1" };
  t.same(causes(await convergeLocally(t, dir, wish(first))), {
    edited: "unknown",
    moved: "unknown",
    both: "unknown",
    held: "unknown",
  });
  for (const name of ["edited", "both"]) writeFileSync(`${dir}/${name}`, "by hand");
  const now = { ...first, moved: "2", both: "2" };
  const told = { edited: "edited", moved: "intended", both: "intended" };
  t.same(causes(await look(wish(now))), told);
  t.same(causes(await look(wish(now))), told, "a look changes nothing of it");
  t.same(causes(await convergeLocally(t, dir, wish(now))), told, "a run tells it too");
  writeFileSync(`${dir}/both`, "by hand");
  t.same(causes(await look(wish(now))), { both: "edited" }, "and notes what it has proven");
});

t.test("what another run proved of other resources stays; what failed is not proven", async (t) => {
  const dir = t.testdir();
  const one = file({ path: `${dir}/one`, content: "1", owner });
  const two = file({ path: `${dir}/two`, content: "2", owner });
  await convergeLocally(t, dir, [one]);
  await convergeLocally(t, dir, [two]);
  writeFileSync(`${dir}/one`, "by hand");
  const broken = command({ name: "broken", run: sh`exit 1`, creates: `${dir}/never` });
  const newer = file({ path: `${dir}/two`, content: "3", owner });
  const failed = await convergeLocally(t, dir, [one, newer, broken]);
  t.match(failed.error, { message: /broken failed/ });
  writeFileSync(`${dir}/two`, "by hand");
  t.same(causes(await convergeLocally(t, dir, [one, newer], { check: true })), { two: "intended" });
});

t.test("what the tags leave out is not proven", async (t) => {
  const dir = t.testdir();
  const wish = (content: string) =>
    ["one", "two"].map((name) => file({ path: `${dir}/${name}`, content, owner }, { tags: [name] }));
  await convergeLocally(t, dir, wish("1"));
  await convergeLocally(t, dir, wish("2"), { tags: ["one"] });
  t.same(causes(await convergeLocally(t, dir, wish("2"), { check: true })), { two: "intended" });
});

t.test(
  "a secret is told apart by a hash that does not tell it, and not at all once it is the one of before",
  async (t) => {
    const dir = t.testdir({ env: "" });
    const wish = (token: string) => [
      envFile({ path: `${dir}/env`, entries: { TOKEN: new Secret(token, "test") }, owner }),
    ];
    await convergeLocally(t, dir, wish("correct horse"));
    t.same(causes(await convergeLocally(t, dir, wish("battery staple"), { check: true })), { env: "intended" });
    writeFileSync(`${dir}/env`, "TOKEN=stolen\n");
    t.same(causes(await convergeLocally(t, dir, wish("correct horse"), { check: true })), { env: "edited" });
    t.match(readFileSync(`${statePaths(dir).state}/applied`, "utf8"), /^[0-9a-f]{8} [0-9a-f]{8} [0-9a-f.]{17}\+\n$/);
  },
);

t.test("a note that a broken disk left is none", async (t) => {
  const dir = t.testdir();
  const wish = [file({ path: `${dir}/f`, content: "1", owner })];
  await convergeLocally(t, dir, wish);
  const note = `${statePaths(dir).state}/applied`;
  writeFileSync(`${dir}/f`, "by hand");
  for (const text of ["", "\0\0\0", "=x y\n\nxx\n", readFileSync(note, "utf8").slice(0, 12)]) {
    writeFileSync(note, text);
    t.same(causes(await convergeLocally(t, dir, wish, { check: true })), { f: "unknown" });
  }
});

const [a, b, c] = ["aaaaaaaa", "bbbbbbbb", "cccccccc"];

for (const shell of shells) {
  t.test(`notes are kept in ${shell[0]}, and read by no process`, async (t) => {
    const dir = t.testdir({ state: {} });
    const paths = statePaths(dir);
    const note = (words: readonly string[]) =>
      runSections(shell, [
        sh`
        ${noteApplied(paths, SCOPE, recordPath(paths))}
        note_applied ${words}`,
      ]);
    const read = () => parseApplied((runSections(shell, [appliedProbe(paths, SCOPE)])[0]?.stdout ?? "").split("\n"));
    t.same([...read()], []);
    t.match(note([a ?? "", b ?? "", b ?? "", b ?? ""]), [{ status: 0, stderr: "" }]);
    note([a ?? "", c ?? ""]);
    note([]);
    t.same([...read()].sort(), [
      [a, c],
      [b, b],
    ]);
    const many = Array.from({ length: 1000 }, (_, index) => index.toString(16).padStart(8, "0"));
    note(many.flatMap((key) => [key, key]));
    t.equal(read().size, 1002);
    t.equal(processesOf(dir, shell, appliedProbe(paths, SCOPE)), 0);
  });
}
