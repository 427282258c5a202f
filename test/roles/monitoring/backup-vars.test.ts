import t from "tap";
import { type HostVars, Secret } from "../../../engine/index.ts";
import { repositoryOf } from "../../../roles/monitoring/backup-vars.ts";
import { monitoringHost } from "../site.ts";

const backup_password = new Secret("opens all of them", "test");
const repository = (vars: HostVars["vars"]) => repositoryOf(monitoringHost(vars));

t.test("a host has one place for backups, or none", async (t) => {
  t.equal(repository({}), undefined);
  t.match(repository({ backup_folder: "/mnt/backups", backup_password }), { name: "/mnt/backups", s3: undefined });
  const s3 = { backup_s3_bucket: "backups", backup_password, s3_endpoint: "s3.example.com" };
  t.equal(repository(s3)?.name, "s3:https://s3.example.com/backups");
  t.equal(repository({ ...s3, s3_insecure: true })?.name, "s3:http://s3.example.com/backups");
});

for (const [wrong, vars, message] of [
  ["two places", { backup_folder: "/b", backup_s3_bucket: "b-b-b", backup_password }, /expected one place for backups/],
  ["a place without a password", { backup_folder: "/b" }, /backup_folder: found no backup_password/],
  ["a password without a place", { backup_password }, /backup_password: found no backup_folder/],
  ["a bucket nowhere", { backup_s3_bucket: "b-b-b", backup_password }, /found no s3_endpoint/],
  ["a folder that is none", { backup_folder: "backups", backup_password }, /backup_folder/],
  ["a schedule of two lines", { backup_folder: "/b", backup_password, backup_schedule: "daily\nx" }, /backup_schedule/],
] as const)
  t.test(`${wrong} is refused`, async (t) => {
    t.throws(() => repository(vars), { message });
  });
