import { boolean, type HostVars, integer, optional, secret, string, VarError, type VarsOf } from "hostwright";
import { varsOfHost } from "../hosts.ts";
import { checkTogether, s3Vars } from "../s3.ts";

/** Vars of the backups of a monitoring host (docs/backup.md). */
export const backupVars = {
  ...s3Vars,
  backup_folder: optional(
    string("Folder on the monitoring host for backups, on a disk that outlives it", { pattern: "^/(.*[^/])$" }),
  ),
  backup_s3_bucket: optional(string("Bucket for backups, instead of a folder", { format: "bucket" })),
  backup_password: optional(secret("What backups are encrypted with: without it none can be read")),
  backup_schedule: optional(
    string(
      "When a backup is made by itself, as systemd.time(7) has it: daily, or *-*-* 03:30. Unset: when asked only",
      {
        pattern: "^[A-Za-z0-9*:,./~ -]+$",
      },
    ),
  ),
  backup_keep_daily: integer("For how many days the last backup is kept", { minimum: 1, maximum: 3650, default: 7 }),
  backup_keep_weekly: integer("For how many weeks", { minimum: 0, maximum: 520, default: 4 }),
  backup_keep_monthly: integer("For how many months", { minimum: 0, maximum: 120, default: 6 }),
};

/** Vars of one restore, for the command line. */
export const restoreVars = {
  ...backupVars,
  restore_backup: string("Which backup is restored: its id, or latest", {
    pattern: "^(latest|[0-9a-f]{8,64})$",
    default: "latest",
  }),
  restore_replaces_data: boolean("Whether data that is newer than the backup goes", { default: false }),
};

/** Where backups are, and what opens them. */
export interface Repository {
  /** As restic calls it. */
  readonly name: string;
  readonly password: NonNullable<VarsOf<typeof backupVars>["backup_password"]>;
  /** The place in S3; undefined for a folder. */
  readonly s3: VarsOf<typeof s3Vars> | undefined;
}

/** Returns a host's repository; undefined where it has none. Throws on vars that do not belong together. */
export function repositoryOf(host: HostVars): Repository | undefined {
  const vars = varsOfHost(backupVars, host);
  const { backup_folder: folder, backup_s3_bucket: bucket, backup_password: password } = vars;
  if (folder !== undefined && bucket !== undefined)
    throw new VarError("backup_folder", { found: "backup_s3_bucket too", expected: "one place for backups" });
  const [place, value] = bucket === undefined ? ["backup_folder", folder] : ["backup_s3_bucket", bucket];
  if (value === undefined && password === undefined) return undefined;
  checkTogether(place, value, "backup_password", password);
  if (value === undefined || password === undefined) return undefined;
  return bucket === undefined
    ? { name: value, password, s3: undefined }
    : { name: s3Name(vars, value), password, s3: vars };
}

function s3Name({ s3_endpoint, s3_insecure }: VarsOf<typeof s3Vars>, bucket: string): string {
  if (s3_endpoint === undefined)
    throw new VarError("backup_s3_bucket", { found: "no s3_endpoint", expected: "where the bucket is" });
  return `s3:${s3_insecure ? "http" : "https"}://${s3_endpoint}/${bucket}`;
}
