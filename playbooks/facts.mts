// What hosts say of themselves, one JSON object a host:
//   npx zx playbooks/facts.mts all
import { runFacts } from "../engine/index.ts";

await runFacts(import.meta.url);
