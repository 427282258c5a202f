// What the inventory says: --list, --host HOST, --graph [GROUP], explain HOST VAR.
//   npx zx playbooks/inventory.mts -i inventory/prod.yml explain monitoring-1 grafana_port
import { runInventory } from "hostwright";
import site from "./site.mts";

await runInventory(site, import.meta.url);
