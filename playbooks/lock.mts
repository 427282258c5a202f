// Who holds the lock of which host, and how to take it away:
//   npx zx playbooks/lock.mts status
//   npx zx playbooks/lock.mts release app-1
import { runLock } from "hostwright";

await runLock(import.meta.url);
