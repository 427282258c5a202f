import { type Host, InventoryError, type Problem } from "../inventory/inventory.ts";
import { distinct, explainErrors, formatPath, secretsIn, unreadableSecrets } from "../inventory/problem.ts";
import { suggest } from "../inventory/suggest.ts";
import type { Role } from "../role/role.ts";
import { readVars } from "../role/schema.ts";
import type { Secret } from "../shell/secret.ts";

/**
 * Checks the vars of hosts against the roles they get; all problems of all hosts are in one `InventoryError`.
 * `known` are the names that are not a role's: connection vars and those of the playbook.
 */
export function checkVars(
  assignments: readonly (readonly [Host, readonly Role[]])[],
  known: ReadonlySet<string>,
): void {
  const problems = assignments.flatMap(([host, roles]) => [
    ...roles.flatMap((role) => roleProblems(host, role)),
    ...usedSecrets(host, roles).flatMap(unreadableSecrets),
  ]);
  const names = new Set([
    ...known,
    ...assignments.flatMap(([, roles]) => roles.flatMap(({ schema }) => Object.keys(schema))),
  ]);
  const unknown = assignments.flatMap(([host]) => unknownVars(host, names));
  const all = distinct([...unknown, ...problems]);
  if (all.length > 0) throw new InventoryError(all);
}

/** The secrets that these roles read from a host's vars. */
export function usedSecrets(host: Host, roles: readonly Role[]): readonly Secret[] {
  const names = new Set(roles.flatMap(({ schema }) => Object.keys(schema)));
  return Object.entries(host.vars).flatMap(([name, value]) => (names.has(name) ? secretsIn(value) : []));
}

function roleProblems(host: Host, role: Role): readonly Problem[] {
  const reading = readVars(role.schema, host.vars);
  if (!("errors" in reading)) return [];
  return explainErrors(reading.errors, {
    data: host.vars,
    locate: (path, part) => host.place(path, part),
    subject: (path) => `host ${host.name}: var ${formatPath(path)} (role ${role.name})`,
  });
}

function unknownVars(host: Host, known: ReadonlySet<string>): readonly Problem[] {
  return Object.keys(host.vars)
    .filter((name) => !known.has(name) && !name.startsWith("ansible_"))
    .map((name) => {
      const meant = suggest(name, known);
      return {
        place: host.place([name], "key"),
        found: `the var "${name}"`,
        expected: "one that a role of this playbook reads",
        hint: meant === undefined ? undefined : `did you mean "${meant}"?`,
      };
    });
}
