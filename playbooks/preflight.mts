// Looks at hosts and at the paths between them, and changes nothing: what is open, refused or filtered; disk, memory, clocks,
// ports, logs.
//   npx zx playbooks/preflight.mts -i inventory/prod.yml
import { definePlaybook, runPlaybook } from "../engine/index.ts";
import { appVars } from "../roles/app/vars.ts";
import { monitoringVars } from "../roles/monitoring/vars.ts";
import { preflight } from "../roles/preflight/index.ts";

const checks = definePlaybook([preflight("always")]);

export default checks;

await runPlaybook(checks, import.meta.url, { vars: ["lab"], reads: [monitoringVars, appVars] });
