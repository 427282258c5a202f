import { formatOf } from "../format/format.ts";
import { type Host, type Inventory, InventoryError, type Problem, type VarValue } from "../inventory/inventory.ts";
import { describe, distinct, explainErrors, formatPath, secretsIn, unreadableSecrets } from "../inventory/problem.ts";
import { hintFor } from "../inventory/suggest.ts";
import { isTemplate, NO_TEMPLATES, templatesOf } from "../inventory/template.ts";
import { type Reader, schemasOfPlay } from "../role/playbook.ts";
import { readVars, type Schema, secretsAmong } from "../role/schema.ts";
import { Secret } from "../shell/secret.ts";
import type { Assignment } from "./assignment.ts";

/** The inventory as these schemas have it: a var that one of them calls a secret is a `Secret` on every host, however it was given. */
export function withSecrets(inventory: Inventory, schemas: readonly Schema[]): Inventory {
  const schema: Schema = Object.assign({}, ...schemas);
  const hosts = [...inventory.hosts].map(([name, host]): [string, Host] => [
    name,
    {
      ...host,
      vars: { ...host.vars, ...secretsAmong(schema, host.vars) },
      sources: (key) => host.sources(key).map((source) => ({ ...source, value: asSecret(schema, key, source.value) })),
    },
  ]);
  return { ...inventory, hosts: new Map(hosts) };
}

function asSecret(schema: Schema, name: string, value: VarValue): VarValue {
  return secretsAmong(schema, { [name]: value })[name] ?? value;
}

/** All that reports must not show: the secrets of every host and of every play. One that cannot be read cannot be shown either. */
export function secretsToHide({ hosts }: Inventory, plays: readonly Assignment[]): readonly Secret[] {
  const ofPlays = plays.flatMap(({ play, hosts }) =>
    hosts.flatMap(({ vars }) => schemasOfPlay(play).flatMap((schema) => Object.values(secretsAmong(schema, vars)))),
  );
  const all = new Set([...[...hosts.values()].flatMap(({ vars }) => secretsIn(vars)), ...ofPlays]);
  return [...all].filter((secret) => unreadableSecrets(secret).length === 0);
}

/**
 * Checks the vars of hosts against the roles they get, and the inquiries that read them; all problems of all hosts are in one `InventoryError`.
 * `known` are the names that are not a role's: connection vars and those of the playbook.
 */
export function checkVars(
  assignments: readonly (readonly [Host, readonly Reader[]])[],
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
  const unknown = assignments.flatMap(([host]) => unknownVars(host, names));
  const templates = assignments.flatMap(([host]) => templateProblems(host, names));
  const all = distinct([...unknown, ...templates, ...problems]);
  if (all.length > 0) throw new InventoryError(all);
}

/** The secrets that these roles read from a host's vars. */
function usedSecrets(host: Host, roles: readonly Reader[]): readonly Secret[] {
  const names = new Set(roles.flatMap(({ schema }) => Object.keys(schema)));
  return Object.entries(host.vars).flatMap(([name, value]) => (names.has(name) ? secretsIn(value) : []));
}

function roleProblems(host: Host, role: Reader): readonly Problem[] {
  const reading = readVars(role.schema, host.vars);
  if (!("errors" in reading)) return [];
  // What a template would have made of a var nobody knows.
  const unevaluated = templatesOf(host).map(([name]) => `/${name}`);
  const errors = reading.errors.filter(
    ({ instancePath }) => !unevaluated.includes(instancePath.replace(/(?<=.)\/.*/, "")),
  );
  // A password without quotes may be a number: what is wrong with it is said without showing it.
  const secrets = Object.keys(host.vars).filter(
    (name) => role.schema[name]?.secret && typeof host.vars[name] === "number",
  );
  const hidden = Object.fromEntries(secrets.map((name) => [name, new Secret(String(host.vars[name]), "plain text")]));
  return explainErrors(errors, {
    data: { ...host.vars, ...hidden },
    locate: (path, part) => host.place(path, part),
    subject: (path) => `host ${host.name}: var ${formatPath(path)} (role ${role.name})`,
  });
}

function unknownVars(host: Host, known: ReadonlySet<string>): readonly Problem[] {
  return Object.keys(host.vars)
    .filter((name) => !known.has(name) && !name.startsWith("ansible_"))
    .map((name) => ({
      place: host.place([name], "key"),
      found: `the var "${name}"`,
      expected: "one that a role of this playbook reads",
      hint: hintFor(name, known),
    }));
}

/** A var that a template of Ansible's was left in, once however many hosts have it. */
function templateProblems(host: Host, known: ReadonlySet<string>): readonly Problem[] {
  return templatesOf(host).flatMap((path): Problem[] => {
    const [name = ""] = path;
    if (!known.has(name)) return [];
    const found = describe(valueAt(host.vars, path));
    return [{ message: `var ${formatPath(path)}`, place: host.place(path), found, expected: NO_TEMPLATES }];
  });
}

/** What is wrong with the text of secrets that can be read. No part of it is shown. */
function secretProblems(host: Host, { name: role, schema }: Reader): readonly Problem[] {
  return Object.entries(secretsAmong(schema, host.vars)).flatMap(([name, secret]): Problem[] => {
    if (unreadableSecrets(secret).length > 0) return [];
    const text = secret.reveal().trim();
    const subject = { message: `host ${host.name}: var ${name} (role ${role})`, place: host.place([name]) };
    if (isTemplate(text)) return [{ ...subject, found: "a secret with a template in it", expected: NO_TEMPLATES }];
    const format = formatOf(schema[name]?.secretFormat);
    const problem = text === "" ? undefined : format?.problem(text);
    return problem === undefined
      ? []
      : [{ ...subject, found: "a secret that is none", expected: `${format?.words}: ${problem}` }];
  });
}

function valueAt(vars: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, part) => (value as Readonly<Record<string, unknown>>)[part], vars);
}
