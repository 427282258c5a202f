// Makes a backup of what the monitoring host keeps (docs/backup.md):
//   npx zx playbooks/backup.mts -i inventory/prod.yml
import { randomUUID } from "node:crypto";
import { definePlaybook, runPlaybook } from "hostwright";
import { backupPlays } from "../roles/backup/plays.ts";

const backup = definePlaybook(backupPlays(randomUUID()));

export default backup;

await runPlaybook(backup, import.meta.url, { vars: ["lab"] });
