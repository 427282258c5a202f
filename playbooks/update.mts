// Brings all packages of all hosts up to date, Docker and the kernel among them, one host after the other (docs/upgrades.md):
//   npx zx playbooks/update.mts -i inventory/prod.yml --check     which packages, from which version to which
//   npx zx playbooks/update.mts -i inventory/prod.yml             and says which hosts want a reboot
//   npx zx playbooks/update.mts -i inventory/prod.yml --reboot    and reboots those, one after the other
import { definePlaybook, runPlaybook } from "hostwright";
import { runMark } from "../roles/runs/index.ts";
import { afterUpdates, updatePlays } from "../roles/updates/plays.ts";
import { verification } from "../roles/verify/index.ts";

const update = definePlaybook([...updatePlays, afterUpdates, { ...verification, flag: "verify" }]);

export default update;

// A machine may take minutes to boot.
await runPlaybook(update, import.meta.url, { vars: ["lab"], announcement: runMark, reconnectSeconds: 600 });
