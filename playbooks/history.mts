// What the last runs changed on hosts, from the hosts' own journals:
//   npx zx playbooks/history.mts app-1
//   npx zx playbooks/history.mts monitoring 3
import { runHistory } from "hostwright";

await runHistory(import.meta.url);
