import type { HostContext } from "../host/hosts.ts";
import type { Lab } from "../identity.ts";
import { attempt } from "../command.ts";

/** stub */
export async function ensureAssets(_context: HostContext): Promise<string[]> {
  return [];
}
/** stub */
export async function removeAssets(lab: Lab): Promise<void> {
  await attempt(["docker", "rm", "--force", "--volumes", lab.assets.container]);
}
