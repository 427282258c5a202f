// Proves that the stack carries data: a log entry, traces and metrics of each app host, read back through Grafana;
// and that there are backups, where some are made.
//   npx zx playbooks/verify.mts -i inventory/prod.yml
import { definePlaybook, runPlaybook } from "hostwright";
import { backupsKept } from "../roles/backup/kept.ts";
import { verification } from "../roles/verify/index.ts";

const verify = definePlaybook([verification, backupsKept()]);

export default verify;

await runPlaybook(verify, import.meta.url, { vars: ["lab"] });
