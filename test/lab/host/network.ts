import { attempt, run } from "../command.ts";
import type { Lab } from "../identity.ts";

/** Creates the lab's network if it is missing. */
export async function ensureNetwork(lab: Lab): Promise<void> {
  if ((await attempt(["docker", "network", "inspect", lab.network])).exitCode === 0) return;
  const create = ["docker", "network", "create", "--label", lab.label, "--subnet", lab.subnet];
  await run([...create, lab.network]);
}
