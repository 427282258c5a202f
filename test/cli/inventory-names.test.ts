import { execFileSync } from "node:child_process";
import { join } from "node:path";
import t from "tap";
import { inventoryNames } from "../../engine/cli/inventory-names.ts";
import { operator } from "../../engine/cli/program.ts";

const git = (dir: string, ...args: readonly string[]) => execFileSync("git", ["-C", dir, ...args], { stdio: "ignore" });

t.test(
  "every checkout of a repository calls an inventory the same, another repository's has another name",
  async (t) => {
    const dir = t.testdir({
      one: { inventories: { prod: { "hosts.yml": "" } } },
      two: { inventories: { prod: { "hosts.yml": "" } } },
      other: { inventories: { prod: { "hosts.yml": "" } } },
    });
    for (const [name, remote] of [
      ["one", "https://kim:token@git.example.com/team/infra.git"],
      ["two", "https://git.example.com/team/infra.git"],
      ["other", "git@git.example.com:team/other.git"],
    ] as const) {
      git(dir, "init", "-q", name);
      git(join(dir, name), "remote", "add", "origin", remote);
    }
    const names = await inventoryNames(
      ["one", "two", "other"].map((name) => join(dir, name, "inventories/prod/hosts.yml")),
    );
    t.same(names, [
      "https://git.example.com/team/infra.git inventories/prod/hosts.yml",
      "https://git.example.com/team/infra.git inventories/prod/hosts.yml",
      "git@git.example.com:team/other.git inventories/prod/hosts.yml",
    ]);
  },
);

t.test("without a remote it is one of this machine's, by its whole path", async (t) => {
  const dir = t.testdir({ "hosts.yml": "" });
  git(dir, "init", "-q");
  t.same(await inventoryNames([join(dir, "hosts.yml")]), [`${operator()} ${join(dir, "hosts.yml")}`]);
});
