import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";
import t, { type Test } from "tap";
import { connectLocal } from "../../engine/connection/local.ts";
import { parseExtraVars } from "../../engine/inventory/extra-vars.ts";
import { loadInventory } from "../../engine/inventory/load.ts";
import type { Play } from "../../engine/role/playbook.ts";
import type { HostResult } from "../../engine/run/event.ts";
import { startRun } from "../../engine/run/play.ts";
import { statePaths } from "../support/local-run.ts";
import { runFile } from "../support/program.ts";

/** Modules of ours that the pages import, at the paths where they would be. */
const OURS = ["test/support/converges.ts"];

t.test("the tutorial's role has at most 30 lines besides its imports", async (t) => {
  const role = filesOf("docs/writing-a-role.md").get("roles/board/index.ts") ?? "";
  const own = role.split("\n").filter((line) => line !== "" && !line.startsWith("import "));
  t.ok(own.length > 0 && own.length <= 30, `${own.length} lines`);
});

t.test("the tutorial's tasks are listed as the page shows them", async (t) => {
  const dir = checkout(t, "docs/writing-a-role.md");
  const [, shown = "no listing"] = /--list-tasks\n([\s\S]*?)```/.exec(pageOf("docs/writing-a-role.md")) ?? [];
  const args = ["-i", join(dir, "inventory/board.yml"), "--list-tasks"];
  const { code, stdout, stderr } = await runFile(join(dir, "playbooks/board.mts"), args);
  t.same({ code, stdout, stderr }, { code: 0, stdout: shown, stderr: "" });
});

t.test("the tutorial's playbook plans, changes what it planned, and then nothing", async (t) => {
  const dir = checkout(t, "docs/writing-a-role.md");
  const counts = (results: readonly HostResult[]) =>
    results.map(({ ok, changed, handlers, failure }) => ({ ok, changed, handlers, failure }));
  const one = { failure: undefined, handlers: [] };
  t.same(counts(await play(dir, { check: true })), Array(2).fill({ ...one, ok: 0, changed: 3 }), "check");
  t.notOk(existsSync(join(dir, "board-1")), "check mode changes nothing");
  const first = { ...one, ok: 0, changed: 3, handlers: ["board: write down the change"] };
  t.same(counts(await play(dir)), Array(2).fill(first), "first run");
  t.match(readFileSync(join(dir, "board-1/index.txt"), "utf8"), /- nginx\n- postgres\nsee also board-2\n$/);
  t.same(counts(await play(dir)), Array(2).fill({ ...one, ok: 3, changed: 0 }), "second run");
  writeFileSync(join(dir, "board-1/index.txt"), "by hand\n");
  t.same(
    counts(await play(dir)).map(({ changed }) => changed),
    [2, 0],
    "what was changed by hand is put right, with its checksum",
  );
});

t.test("the resource page's own test passes", async (t) => {
  const dir = checkout(t, "docs/writing-a-resource.md");
  const { code, stdout } = await runFile(join(dir, "test/roles/ini-entry.test.ts"), []);
  t.equal(code, 0, stdout.match(/^ *not ok.*$/gm)?.join("\n") ?? "the test passes");
  t.match(stdout, /ini-entry makes the file/);
});

/** The code blocks of a page that follow the name of a file. */
function filesOf(page: string): ReadonlyMap<string, string> {
  const blocks = pageOf(page).matchAll(/`([\w./-]+)`:\n\n```\w+\n([\s\S]*?)```/g);
  return new Map([...blocks].map(([, path = "", text = ""]) => [path, text]));
}

function pageOf(page: string): string {
  return readFileSync(page, "utf8");
}

/** Writes a page's files into a folder as if it were a checkout, ours beside them. */
function checkout(t: Test, page: string): string {
  const dir = t.testdir({});
  const ours = OURS.map((path) => [path, `export * from ${JSON.stringify(resolve(path))};\n`] as const);
  for (const [path, text] of [...filesOf(page), ...ours]) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return dir;
}

/** Runs the extracted playbook for the extracted inventory; this machine stands in for its hosts, each in a folder. */
async function play(dir: string, { check = false } = {}): Promise<readonly HostResult[]> {
  const owner = userInfo().username;
  const vars = JSON.stringify({ ansible_become: false, board_owner: owner });
  const inventory = await loadInventory([join(dir, "inventory/board.yml")], {
    env: {},
    extraVars: parseExtraVars([vars], {}),
  });
  const { default: plays }: { default: readonly Play[] } = await import(join(dir, "playbooks/board.mts"));
  const operation = { run: "r1", operator: "tester", playbook: "board.mts", commit: "" };
  const run = startRun(
    withFolders(inventory, dir),
    {
      ...{ check, limit: undefined, forks: 1, lockWaitSeconds: 0, reconnectSeconds: 0, tags: [], skipTags: [] },
      ...{ operation, releases: async () => ({}), paths: statePaths(dir) },
    },
    { connect: async (host) => connectLocal(host.name), emit: () => {} },
  );
  for (const one of plays) await run.play(one);
  return run.finish();
}

type Loaded = Awaited<ReturnType<typeof loadInventory>>;

function withFolders(inventory: Loaded, dir: string): Loaded {
  const placed = [...inventory.hosts].map(
    ([name, host]) => [name, { ...host, vars: { ...host.vars, board_folder: join(dir, name) } }] as const,
  );
  return { ...inventory, hosts: new Map(placed) };
}
