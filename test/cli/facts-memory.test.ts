import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { factsMemory } from "../../engine/cli/facts-memory.ts";
import { loadInventory } from "../../engine/inventory/load.ts";
import { appFacts } from "../roles/site.ts";

async function hostsOf(dir: string) {
  writeFileSync(
    join(dir, "hosts.yml"),
    "all:\n  hosts:\n    one: { host: 192.0.2.1 }\n    two: { host: 192.0.2.1, ansible_port: 2222 }\n    here: { ansible_connection: local }\n",
  );
  const { hosts } = await loadInventory([join(dir, "hosts.yml")], { env: {} });
  const found = ["one", "two", "here"].map((name) => hosts.get(name));
  return found as [NonNullable<(typeof found)[0]>, NonNullable<(typeof found)[0]>, NonNullable<(typeof found)[0]>];
}

t.test("facts are kept a file each, for their user only, by where the host is", async (t) => {
  const dir = t.testdir();
  const [one, two, here] = await hostsOf(dir);
  const memory = factsMemory({ XDG_CACHE_HOME: dir });
  t.equal(await memory.recall(one), undefined);
  await memory.keep(one, appFacts);
  await memory.keep(here, appFacts);
  t.same(await memory.recall(one), appFacts);
  t.same([await memory.recall(two), await memory.recall(here)], [undefined, undefined]);
  const folder = join(dir, "hostwright/facts");
  t.equal(readdirSync(folder).length, 1);
  const modes = [folder, join(folder, readdirSync(folder)[0] ?? "")].map((path) => statSync(path).mode & 0o777);
  t.same(modes, [0o700, 0o600]);
});

t.test("what is not whole is not known, and a folder that cannot be written is no error", async (t) => {
  const dir = t.testdir({ blocked: "a file" });
  const [one] = await hostsOf(dir);
  const memory = factsMemory({ XDG_CACHE_HOME: dir });
  await memory.keep(one, appFacts);
  const folder = join(dir, "hostwright/facts");
  writeFileSync(join(folder, readdirSync(folder)[0] ?? ""), '{"hostname":"t');
  t.equal(await memory.recall(one), undefined);
  const blocked = factsMemory({ XDG_CACHE_HOME: join(dir, "blocked") });
  await t.resolves(blocked.keep(one, appFacts));
  t.equal(await blocked.recall(one), undefined);
});
