// Proves that the stack carries data: a log entry, traces and metrics of each app host, read back through Grafana.
//   npx zx playbooks/verify.mts -i inventory/prod.yml
import { definePlaybook, runPlaybook } from "hostwright";
import { verification } from "../roles/verify/index.ts";

const verify = definePlaybook([verification]);

export default verify;

await runPlaybook(verify, import.meta.url, { vars: ["lab"] });
