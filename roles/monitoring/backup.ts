import { directory, file, pkg, type Resource, type Script, Secret, type Site, sh, type Text, unit } from "hostwright";
import { varsOfHost } from "../hosts.ts";
import { root } from "../paths.ts";
import { template } from "../templates.ts";
import { backupScript } from "./backup-script.ts";
import { backupVars, type Repository, repositoryOf } from "./backup-vars.ts";

const tags = ["backup"];

/** Everything about backups on the host; no backup has it. */
export const folder = `${root}/backup`;
const passwordPath = `${folder}/password`;
const credentialsPath = `${folder}/s3`;
const scriptPath = `${folder}/backup.sh`;

/** restic with this host's repository: also for whoever wants to look into it by hand. */
export const resticPath = `${folder}/restic`;
/** The unit that makes a backup. */
export const UNIT = "monitoring-backup.service";

/** What a host needs to make backups and to read them; nothing where it has no place for them. */
export function backupResources({ host }: Site): readonly Resource[] {
  const repository = repositoryOf(host);
  if (!repository) return [];
  const { backup_schedule: schedule } = varsOfHost(backupVars, host);
  return [
    pkg({ name: "restic" }, { tags }),
    directory({ path: folder, mode: "0700" }, { tags }),
    file({ path: passwordPath, content: repository.password, mode: "0400" }, { tags }),
    ...credentials(repository),
    file({ path: resticPath, content: `#!/bin/sh\n${restic(repository).text}\n`, mode: "0700" }, { tags }),
    file({ path: scriptPath, content: `${backupScript(host).text}\n`, mode: "0600" }, { tags }),
    // A backup that is under way is "activating", so it is left alone.
    unit(
      {
        name: UNIT,
        content: template("monitoring/monitoring-backup.service.hbs", { script: scriptPath }),
        enabled: false,
        running: false,
      },
      { tags },
    ),
    unit(
      {
        name: "monitoring-backup.timer",
        content: timer(schedule ?? "daily"),
        enabled: schedule !== undefined,
        running: schedule !== undefined,
      },
      { tags },
    ),
  ];
}

/** No word of systemd's: a calendar's parts are not quoted, and hold nothing else than the var's pattern lets in. */
function timer(schedule: string): string {
  return `[Unit]
Description=When a backup of what the monitoring stack keeps is made

[Timer]
OnCalendar=${schedule}
# One that was due while the machine was off is made once it is on.
Persistent=true
RandomizedDelaySec=5m

[Install]
WantedBy=timers.target
`;
}

/** The keys as AWS's own tools have them: in a file, so that they are in nobody's environment. */
function credentials({ s3 }: Repository): readonly Resource[] {
  const { s3_access_key_id: id, s3_secret_access_key: key } = s3 ?? {};
  if (id === undefined || key === undefined) return [];
  const text = () => `[default]\naws_access_key_id = ${id.reveal()}\naws_secret_access_key = ${key.reveal()}\n`;
  const content: Text = new Secret(text, "the keys of the backups' bucket");
  return [file({ path: credentialsPath, content, mode: "0400" }, { tags })];
}

function restic({ name, s3 }: Repository): Script {
  const options = s3 ? ["-o", `s3.bucket-lookup=${s3.s3_path_style ? "path" : "auto"}`] : [];
  const region = s3?.s3_region === undefined ? sh`` : sh`export AWS_DEFAULT_REGION=${s3.s3_region}`;
  return sh`
    export RESTIC_REPOSITORY=${name} RESTIC_PASSWORD_FILE=${passwordPath} RESTIC_CACHE_DIR=/var/cache/monitoring-backup
    export AWS_SHARED_CREDENTIALS_FILE=${credentialsPath}
    ${region}
    exec restic ${options} "$@"`;
}
