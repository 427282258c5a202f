import { spawnSync } from "node:child_process";
import t from "tap";
import { Secret } from "../../../engine/index.ts";
import { containers } from "../../../roles/monitoring/services.ts";
import { shells } from "../../support/shells.ts";
import { untagged } from "../order.ts";
import { desiredOf, monitoringPlan } from "../plans.ts";
import { filesOf, namesOf, textOf } from "../site.ts";

const folder = "/opt/monitoring/backup";
const own = { backup_folder: "/mnt/b 'ackups", backup_password: new Secret("opens all of them", "test") };
const bucket = {
  backup_s3_bucket: "backups",
  backup_password: own.backup_password,
  s3_endpoint: "s3.example.com",
  s3_region: "eu-1",
  s3_path_style: true,
  s3_access_key_id: new Secret("AKIA-1", "test"),
  s3_secret_access_key: new Secret("the key's other half", "test"),
};

t.test("who has no place for backups gets nothing of them", async (t) => {
  t.same(
    namesOf(monitoringPlan().resources).filter((name) => /backup|restic/.test(name)),
    [],
  );
});

t.test("all of it is told by its tag, and read by root alone", async (t) => {
  const { resources } = monitoringPlan(own);
  const ours = resources.filter(({ id }) => id.startsWith(folder) || id.startsWith("monitoring-backup"));
  t.equal(ours.length, 6);
  t.same(untagged(ours, "backup"), []);
  t.match(desiredOf(resources, folder), { mode: "0700" });
  for (const [path, mode] of [
    ["password", "0400"],
    ["restic", "0700"],
    ["backup.sh", "0600"],
  ])
    t.match(desiredOf(resources, `${folder}/${path}`), { mode });
});

t.test("the timer runs for who asked for a schedule", async (t) => {
  const timer = (vars = {}) => desiredOf(monitoringPlan({ ...own, ...vars }).resources, "monitoring-backup.timer");
  t.match(timer(), { enabled: false, running: false });
  t.match(timer({ backup_schedule: "Mon..Fri *-*-* 03:30" }), {
    enabled: true,
    running: true,
    content: /^OnCalendar=Mon\.\.Fri \*-\*-\* 03:30$/m,
  });
});

t.test("keys are in files of their own, and in nobody's arguments or environment", async (t) => {
  const files = filesOf(monitoringPlan(bucket).resources);
  for (const secret of ["opens all of them", "AKIA-1", "the key's other half"])
    t.same(
      [...files].filter(([, text]) => text.includes(secret)).map(([path]) => path),
      [secret.startsWith("opens") ? `${folder}/password` : `${folder}/s3`],
    );
  t.match(files.get(`${folder}/restic`), /export AWS_DEFAULT_REGION='?eu-1/);
  t.match(files.get(`${folder}/restic`), /s3\.bucket-lookup=path/);
});

t.test("every store is copied, but for what it has finished", async (t) => {
  const text = textOf(monitoringPlan(own).resources, `${folder}/backup.sh`);
  const stores = containers.flatMap(({ name, stored }) => (stored ? [`copy '${name}' '${stored.volume}'`] : []));
  t.same(stores.length, 4);
  for (const store of stores) t.ok(text.includes(store), store);
  t.match(text, "'!' '-path' './01*/?*'");
});

t.test("shells read the scripts", async (t) => {
  const files = filesOf(monitoringPlan(own).resources);
  for (const [command = "", ...args] of shells)
    for (const input of [files.get(`${folder}/backup.sh`), files.get(`${folder}/restic`)])
      t.match(spawnSync(command, [...args, "-n"], { input, encoding: "utf8" }), { status: 0, stderr: "" });
});
