import { type Host, type Inventory, InventoryError, type Problem } from "../inventory/inventory.ts";
import { distinct, unreadableSecrets } from "../inventory/problem.ts";
import type { Reader } from "../role/playbook.ts";
import { secretsAmong } from "../role/schema.ts";
import type { Secret } from "../shell/secret.ts";

/** A shorter text stands in ordinary words: hiding it everywhere would leave a report that nobody can read. */
const MIN_LENGTH = 4;

/** Throws `InventoryError`, one line a secret, for those that a report could hide only together with words that it needs. */
export function checkSecrets(assignments: readonly (readonly [Host, readonly Reader[]])[], inventory: Inventory): void {
  const words = wordsOf(inventory);
  const problems = assignments.flatMap(([host, roles]) =>
    roles.flatMap(({ schema }) =>
      Object.entries(secretsAmong(schema, host.vars)).flatMap(([name, secret]): Problem[] => {
        const weakness = weaknessOf(secret, words);
        return weakness ? [{ message: `host ${host.name}: var ${name}`, place: host.place([name]), ...weakness }] : [];
      }),
    ),
  );
  if (problems.length > 0) throw new InventoryError(distinct(problems));
}

/** Which secrets reports hide. Passwords of logins are not ours to refuse ("vagrant" of user vagrant): such a one stays readable. */
export function isHidable(inventory: Inventory): (secret: Secret) => boolean {
  const words = wordsOf(inventory);
  return (secret) => weaknessOf(secret, words) === undefined;
}

function weaknessOf(
  secret: Secret,
  words: ReadonlyMap<string, string>,
): Pick<Problem, "found" | "expected"> | undefined {
  // What cannot be read is told of where it is used.
  if (unreadableSecrets(secret).length > 0) return undefined;
  const text = secret.reveal().trim();
  if (text.length < MIN_LENGTH)
    return {
      found: `a secret of ${text.length} characters`,
      expected: `${MIN_LENGTH} or more: a shorter one cannot be hidden in reports`,
    };
  const word = words.get(text);
  if (word === undefined) return undefined;
  return { found: `a secret that is also ${word}`, expected: "one of its own: hiding it would hide that too" };
}

/** Every word of an inventory that reports show, and what it is. */
function wordsOf({ hosts, groups }: Inventory): ReadonlyMap<string, string> {
  const values = [...hosts.values()].flatMap(({ name, vars }) =>
    Object.entries(vars).flatMap(([key, value]) =>
      // A password that no role reads may stand there in plain text.
      typeof value === "string" && !/pass/i.test(key) ? [[value, `the var ${key} of host ${name}`] as const] : [],
    ),
  );
  const named = [
    ...[...groups.keys()].map((name) => [name, `the name of group ${name}`] as const),
    ...[...hosts.keys()].map((name) => [name, `the name of host ${name}`] as const),
  ];
  return new Map([...values, ...named]);
}
