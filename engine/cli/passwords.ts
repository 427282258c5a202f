import type { Mismatch } from "../format/mismatch.ts";
import { unlockSecrets } from "../inventory/age.ts";
import { connectionVars } from "../inventory/connection-vars.ts";
import { type Host, InventoryError } from "../inventory/inventory.ts";
import { distinct, unreadableSecrets } from "../inventory/problem.ts";
import { Secret } from "../shell/secret.ts";

/**
 * Returns the passwords that the vars of hosts hold, unlocked, to be masked. Throws `InventoryError`, before any host is
 * contacted, on connection vars that cannot be followed and on passwords that cannot be read. Of `others`, which a role
 * may delegate to, all that can be read is returned.
 */
export async function passwordsOf(
  hosts: Iterable<Host>,
  others: Iterable<Host>,
  env: NodeJS.ProcessEnv,
): Promise<readonly Secret[]> {
  const own = [...new Set(hosts)];
  for (const host of own) refuseBecome(host);
  const needed = own.flatMap(passwordsIn);
  const possible = [...others].filter((host) => !own.includes(host)).flatMap(readable);
  await unlockSecrets([...needed, ...possible], env);
  const problems = needed.flatMap(unreadableSecrets);
  if (problems.length > 0) throw new InventoryError(distinct(problems));
  return [...needed, ...possible.filter((secret) => unreadableSecrets(secret).length === 0)];
}

function passwordsIn(host: Host): readonly Secret[] {
  const { password, becomePassword } = connectionVars(host);
  const given = [password, becomePassword].filter((one) => one !== undefined && one !== "");
  return given.map((one) => (one instanceof Secret ? one : new Secret(`${one}`, `a password of ${host.name}`)));
}

function readable(host: Host): readonly Secret[] {
  try {
    return passwordsIn(host);
  } catch (error) {
    if (error instanceof InventoryError) return [];
    throw error;
  }
}

function refuseBecome(host: Host): void {
  const { becomeUser = "root", becomeMethod = "sudo" } = connectionVars(host);
  // Locks and journals are root's; who is to own the work is said where the work is described.
  if (becomeUser !== "root")
    throw refused(host, "user", {
      found: `"${becomeUser}"`,
      expected: '"root": resources name theirs (becomeUser)',
    });
  if (becomeMethod !== "sudo" && becomeMethod !== "doas")
    throw refused(host, "method", { found: `"${becomeMethod}"`, expected: '"sudo" or "doas"' });
}

function refused(host: Host, what: "user" | "method", said: Mismatch): InventoryError {
  const name = `ansible_become_${what}`;
  return new InventoryError({ ...said, message: `var ${name} of host "${host.name}"`, place: host.place([name]) });
}
