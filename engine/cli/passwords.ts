import { unlockSecrets } from "../inventory/age.ts";
import { connectionVars } from "../inventory/connection-vars.ts";
import { type Host, InventoryError } from "../inventory/inventory.ts";
import { unreadableSecrets } from "../inventory/problem.ts";
import { Secret } from "../shell/secret.ts";

/**
 * Returns the passwords that the vars of hosts hold, to be masked. Throws `InventoryError`, before any host is contacted,
 * on connection vars that cannot be followed and on passwords that cannot be read.
 */
export async function passwordsOf(hosts: Iterable<Host>, env: NodeJS.ProcessEnv): Promise<readonly Secret[]> {
  const named = [...new Set(hosts)];
  await unlockSecrets(
    named.map(({ vars }) => vars),
    env,
  );
  const all = named.map((host) => [host, connectionVars(host)] as const);
  for (const [host, { becomeUser, becomeMethod }] of all) {
    // Locks and journals are root's; who is to own the work is said where the work is described.
    if (becomeUser !== undefined && becomeUser !== "root")
      throw refused(host, "ansible_become_user", `${becomeUser}", expected "root": resources name theirs (becomeUser)`);
    if (becomeMethod !== undefined && becomeMethod !== "sudo" && becomeMethod !== "doas")
      throw refused(host, "ansible_become_method", `${becomeMethod}", expected "sudo" or "doas"`);
  }
  const passwords = all.flatMap(([, { password, becomePassword }]) =>
    [password, becomePassword].filter((one) => one !== undefined && one !== ""),
  );
  const secrets = passwords.map((one) =>
    one instanceof Secret ? one : new Secret(`${one}`, "a password in the vars"),
  );
  const problems = secrets.flatMap(unreadableSecrets);
  if (problems.length > 0) throw new InventoryError([...new Set(problems)].join("\n"));
  return secrets;
}

function refused(host: Host, name: string, found: string): InventoryError {
  return new InventoryError(`var ${name} of host "${host.name}": found "${found}`, host.place([name]));
}
