// Every published port: its address, TLS, login, and who can reach it.
//   npx zx playbooks/exposure.mts -i inventory/prod.yml
//   npx zx playbooks/exposure.mts -i inventory/prod.yml --probe   and what really listens
import { runTool } from "hostwright";
import { exposure } from "../roles/exposure/index.ts";

await runTool(exposure, import.meta.url);
