import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { sh } from "../../engine/shell/sh.ts";
import { ownership } from "../../roles/monitoring/ownership.ts";
import { apply, plan } from "../support/converges.ts";
import { shells } from "../support/shells.ts";
import { appHost, siteOf } from "./site.ts";

for (const shell of shells) {
  t.test(`environments in ${shell[0]}`, { skip: process.getuid?.() === 0 ? false : "needs root" }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "owned-"));
    t.teardown(() => rmSync(folder, { recursive: true }));
    mkdirSync(join(folder, "jobs"));
    const jobs = () => readdirSync(join(folder, "jobs")).sort();
    /** What a run of this inventory does: its environments' files, and what `ownership` says. Returns what changed. */
    const run = (inventory: string, environments: readonly string[]) => {
      for (const name of environments) writeFileSync(join(folder, "jobs", `${name}.yml`), name);
      const site = { ...siteOf([appHost("a", "dev")]), inventory: [inventory] };
      const resources = ownership(
        { folder, environments, files: (name) => sh`${`${folder}/jobs`}/${name}.yml`, tags: [] },
        site,
      );
      const steps = plan(shell, resources);
      apply(shell, steps);
      return steps.map(({ resource }) => resource.kind.name);
    };

    run("inventory/lab.yml", ["dev", "prod"]);
    t.same(jobs(), ["dev.yml", "prod.yml"]);
    t.same(run("inventory/lab.yml", ["dev", "prod"]), [], "a second run changes nothing");

    t.same(run("inventory/lab.yml", ["prod"]), ["command", "file"], "dev left");
    t.same(jobs(), ["prod.yml"]);

    run("inventory/test.yml", ["test"]);
    t.same(jobs(), ["prod.yml", "test.yml"], "another inventory touches its own only");
    run("inventory/other.yml", ["test"]);
    run("inventory/test.yml", []);
    t.ok(existsSync(join(folder, "jobs", "test.yml")), "an environment stays while any inventory has it");
    run("inventory/other.yml", []);
    t.same(jobs(), ["prod.yml"]);
  });
}
