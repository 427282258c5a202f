// Puts a backup back on a monitoring host, also on an empty one; run playbooks/site.mts after it (docs/backup.md):
//   npx zx playbooks/restore.mts -i inventory/prod.yml --rebuilt monitoring-1=SHA256:…
//   npx zx playbooks/restore.mts -i inventory/prod.yml -e restore_backup=1a2b3c4d
import { randomUUID } from "node:crypto";
import { definePlaybook, runPlaybook } from "hostwright";
import { restorePlays } from "../roles/backup/plays.ts";
import { runMark } from "../roles/runs/index.ts";

const restore = definePlaybook(restorePlays(randomUUID()));

export default restore;

await runPlaybook(restore, import.meta.url, { vars: ["lab"], announcement: runMark });
