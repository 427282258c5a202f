import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { sh } from "../../../engine/shell/sh.ts";
import { ownership } from "../../../roles/monitoring/ownership.ts";
import { apply, plan } from "../../support/converges.ts";
import { shells } from "../../support/shells.ts";
import { appHost, siteOf } from "../site.ts";

for (const shell of shells) {
  t.test(`environments in ${shell[0]}`, { skip: process.getuid?.() === 0 ? false : "needs root" }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "owned-"));
    t.teardown(() => rmSync(folder, { recursive: true }));
    mkdirSync(join(folder, "jobs"));
    const jobs = () => readdirSync(join(folder, "jobs")).sort();
    const records = () => readdirSync(join(folder, "inventories")).sort();
    /** What a run of this inventory does: its environments' files, and what `ownership` says. Returns what changed. */
    const run = (inventory: string, environments: readonly string[], host = (name: string) => `app-${name}`) => {
      const [first = appHost("none", "none"), ...others] = environments.map((name) => appHost(host(name), name));
      const site = { ...siteOf([first, ...others]), inventory: [inventory] };
      const resources = ownership(
        { folder, environments, files: (name) => sh`${`${folder}/jobs`}/${name}.yml`, tags: [] },
        site,
      );
      const steps = plan(shell, resources);
      apply(shell, steps);
      for (const name of environments) writeFileSync(join(folder, "jobs", `${name}.yml`), name);
      return steps.map(({ resource }) => resource.kind.name);
    };

    run("inventory/lab.yml", ["dev", "prod"]);
    t.same(jobs(), ["dev.yml", "prod.yml"]);
    t.same(run("inventory/lab.yml", ["dev", "prod"]), [], "a second run changes nothing");

    t.same(run("inventory/lab.yml", ["prod"]), ["command"], "dev left");
    t.same(jobs(), ["prod.yml"]);
    t.same(records(), ["prod"]);

    run("inventory/test.yml", ["test"]);
    t.same(jobs(), ["prod.yml", "test.yml"], "another inventory touches its own only");
    run("inventory/other.yml", ["test"]);
    run("inventory/test.yml", []);
    t.ok(existsSync(join(folder, "jobs", "test.yml")), "an environment stays while any inventory has it");
    run("inventory/other.yml", []);
    t.same(jobs(), ["prod.yml"]);

    run("inventory/renamed.yml", ["prod"]);
    t.same([jobs(), records()], [["prod.yml"], ["prod"]], "a renamed inventory leaves nothing behind");
    run("inventory/renamed.yml", ["live"]);
    t.same([jobs(), records()], [["live.yml"], ["live"]], "a renamed environment neither, of the same hosts or others");

    for (const turn of [1, 2, 3]) {
      run("inventories/dev/hosts.yml", ["dev"]);
      run("inventories/prod/hosts.yml", ["prod"]);
      t.same(jobs(), ["dev.yml", "live.yml", "prod.yml"], `inventories of one file name, turn ${turn}`);
    }
    t.throws(
      () => run("inventories/stage/hosts.yml", ["stage"], () => "app-prod"),
      /host app-prod \(app-prod\.example\.internal:9100\) belongs to environment stage of inventories\/stage\/hosts\.yml and to environment prod of inventories\/prod\/hosts\.yml: /,
      "a host that two inventories claim",
    );
    t.same(jobs(), ["dev.yml", "live.yml", "prod.yml"], "and nothing was written");
    run("inventories/prod/hosts.yml", ["prod"], () => "app-other");
    run("inventories/stage/hosts.yml", ["stage"], () => "app-prod");
    t.same(jobs(), ["dev.yml", "live.yml", "prod.yml", "stage.yml"], "once it has left the one, the other has it");
  });
}
