// What hosts say of themselves, one JSON object a host:
//   npx zx playbooks/facts.mts all
import { runFacts } from "hostwright";

await runFacts(import.meta.url);
