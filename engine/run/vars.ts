import { formatOf } from "../format/format.ts";
import { formatPlace, type Host, InventoryError } from "../inventory/inventory.ts";
import { describe, explainErrors, formatPath, secretsIn, unreadableSecrets } from "../inventory/problem.ts";
import { didYouMean } from "../inventory/suggest.ts";
import { isTemplate, NO_TEMPLATES, templatesOf } from "../inventory/template.ts";
import type { Role } from "../role/role.ts";
import { readVars } from "../role/schema.ts";
import { reveal, Secret } from "../shell/secret.ts";

/**
 * Checks the vars of hosts against the roles they get; all problems of all hosts are in one `InventoryError`.
 * `known` are the names that are not a role's: connection vars and those of the playbook.
 */
export function checkVars(
  assignments: readonly (readonly [Host, readonly Role[]])[],
  known: ReadonlySet<string>,
): void {
  const problems = assignments.flatMap(([host, roles]) => [
    ...roles.flatMap((role) => [...roleProblems(host, role), ...secretProblems(host, role)]),
    ...usedSecrets(host, roles).flatMap(unreadableSecrets),
  ]);
  const names = new Set([
    ...known,
    ...assignments.flatMap(([, roles]) => roles.flatMap(({ schema }) => Object.keys(schema))),
  ]);
  const secrets = new Set(
    assignments.flatMap(([, roles]) =>
      roles.flatMap(({ schema }) => Object.keys(schema).filter((name) => schema[name]?.secret)),
    ),
  );
  const unknown = assignments.flatMap(([host]) => unknownVars(host, names));
  const templates = assignments.flatMap(([host]) => templateProblems(host, names, secrets));
  const all = [...new Set([...unknown, ...templates, ...problems])];
  if (all.length > 0) throw new InventoryError(all.join("\n"));
}

/** The secrets that these roles read from a host's vars. */
export function usedSecrets(host: Host, roles: readonly Role[]): readonly Secret[] {
  const names = new Set(roles.flatMap(({ schema }) => Object.keys(schema)));
  return Object.entries(host.vars).flatMap(([name, value]) => (names.has(name) ? secretsIn(value) : []));
}

function roleProblems(host: Host, role: Role): readonly string[] {
  const reading = readVars(role.schema, host.vars);
  if (!("errors" in reading)) return [];
  // What a template would have made of a var nobody knows.
  const unevaluated = templatesOf(host).map(([name]) => `/${name}`);
  const errors = reading.errors.filter(
    ({ instancePath }) => !unevaluated.includes(instancePath.replace(/(?<=.)\/.*/, "")),
  );
  return explainErrors(errors, {
    data: host.vars,
    locate: (path, part) => host.place(path, part),
    subject: (path) => `host ${host.name}: var ${formatPath(path)} (role ${role.name})`,
  });
}

function unknownVars(host: Host, known: ReadonlySet<string>): readonly string[] {
  return Object.keys(host.vars)
    .filter((name) => !known.has(name) && !name.startsWith("ansible_"))
    .map((name) => {
      const place = host.place([name], "key");
      const at = place ? `${formatPlace(place)}: ` : "";
      return `${at}found the var "${name}", expected one that a role of this playbook reads${didYouMean(name, known)}`;
    });
}

/** A var that a template of Ansible's was left in, once however many hosts have it. */
function templateProblems(host: Host, known: ReadonlySet<string>, secrets: ReadonlySet<string>): readonly string[] {
  return templatesOf(host).flatMap((path) => {
    const [name = ""] = path;
    if (!known.has(name)) return [];
    const found = secrets.has(name) ? "a secret with a template in it" : describe(valueAt(host.vars, path));
    return `${placeOf(host, path)}var ${formatPath(path)}: found ${found}, expected ${NO_TEMPLATES}`;
  });
}

/** What is wrong with the text of secrets that can be read. No part of it is shown. */
function secretProblems(host: Host, { name: role, schema }: Role): readonly string[] {
  return Object.entries(schema).flatMap(([name, { secret, secretFormat }]) => {
    const value = host.vars[name];
    const isText = typeof value === "string" || (value instanceof Secret && unreadableSecrets(value).length === 0);
    if (!secret || !isText) return [];
    const subject = `${placeOf(host, [name])}host ${host.name}: var ${name} (role ${role})`;
    const text = reveal(value).trim();
    if (isTemplate(text))
      return value instanceof Secret
        ? `${subject}: found a secret with a template in it, expected ${NO_TEMPLATES}`
        : [];
    const format = formatOf(secretFormat);
    const problem = text === "" ? undefined : format?.problem(text);
    return problem === undefined
      ? []
      : `${subject}: found a secret that is none, expected ${format?.words}: ${problem}`;
  });
}

function placeOf(host: Host, path: readonly string[]): string {
  const place = host.place(path);
  return place ? `${formatPlace(place)}: ` : "";
}

function valueAt(vars: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, part) => (value as Readonly<Record<string, unknown>>)[part], vars);
}
