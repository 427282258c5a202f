// Removes from hosts what runs made there, and leaves them as they were found (docs/retire.md):
//   npx zx playbooks/retire.mts -i inventory/prod.yml app-1 --check   says what would go
//   npx zx playbooks/retire.mts -i inventory/prod.yml app-1
//   npx zx playbooks/retire.mts -i inventory/prod.yml app --orphans   only what no role describes any more
import { runRetire } from "hostwright";
import site from "./site.mts";

await runRetire(site, new URL("./site.mts", import.meta.url).href, import.meta.url);
