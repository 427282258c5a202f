// Looks at hosts and at the paths between them, and changes nothing: what is open, refused or filtered; disk, memory, clocks,
// ports, logs.
//   npx zx playbooks/preflight.mts -i inventory/prod.yml
import { definePlaybook, runPlaybook } from "hostwright";
import { preflight } from "../roles/preflight/index.ts";

const checks = definePlaybook([preflight("always")]);

export default checks;

await runPlaybook(checks, import.meta.url, { vars: ["lab"] });
