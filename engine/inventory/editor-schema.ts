import { IGNORED, IGNORED_PREFIX, NAMES } from "./connection-vars.ts";
import { inventorySchema } from "./schema.ts";

/** A JSON Schema of one var. */
export type VarSchema = Readonly<Record<string, unknown>> & { readonly description: string };

/** The names of one connection setting, the preferred one first, and what its value is. */
export interface ConnectionSetting {
  readonly names: readonly string[];
  readonly schema: VarSchema;
}

const TEXT = { type: "string", minLength: 1 };
const PASSWORD = { type: ["string", "number"] };

const SCHEMAS: Readonly<Record<keyof typeof NAMES, VarSchema>> = {
  address: {
    ...TEXT,
    description: "The address or name that SSH connects to. Unset: the host's name in the inventory",
  },
  port: {
    anyOf: [
      { type: "integer", minimum: 1, maximum: 65_535 },
      { type: "string", pattern: "^[0-9]+$" },
    ],
    description: "The port of SSH. Unset: as ~/.ssh/config says, else 22",
  },
  user: { ...TEXT, description: "Who logs in. Unset: as --user or ~/.ssh/config say" },
  key: { ...TEXT, description: "The private key's file, relative to the file that says so" },
  knownHosts: {
    ...TEXT,
    description: "The known_hosts file, relative to the file that says so. Unset: beside the inventory",
  },
  password: { ...PASSWORD, description: "The login's password: a secret" },
  connection: {
    type: "string",
    pattern: "^((ansible\\.(builtin|legacy)|community\\.general)\\.)?(ssh|smart|paramiko|paramiko_ssh|local)$",
    description: "ssh, or local: the host is this machine. Ansible's full names mean the same",
  },
  become: {
    anyOf: [{ type: "boolean" }, { enum: ["yes", "no", "true", "false", "on", "off", 0, 1] }],
    description: "Whether to become another user, root unless told",
  },
  becomeUser: { ...TEXT, description: "Whom to become" },
  becomePassword: { ...PASSWORD, description: "The password that sudo asks for: a secret" },
  becomeMethod: { ...TEXT, description: "sudo or doas, by their full names too" },
  commonArgs: { ...TEXT, description: "Further arguments of ssh, as one line" },
  extraArgs: { ...TEXT, description: "Further arguments of ssh, as one line, after the others" },
};

/** The vars that say how to reach a host. */
export const connectionSettings: readonly ConnectionSetting[] = Object.entries(SCHEMAS).map(([setting, schema]) => ({
  names: NAMES[setting as keyof typeof NAMES],
  schema,
}));

/** Returns the JSON Schema of a file of vars: these, connection vars, and nothing else. Draft 7, as yaml-language-server has it. */
export function varsFileSchema(vars: Readonly<Record<string, VarSchema>>): Record<string, unknown> {
  return { ...draft7("Vars of a Hostwright inventory"), ...varsSchema(vars) };
}

/** Returns the JSON Schema of an inventory file with these vars at groups and hosts. */
export function inventoryFileSchema(vars: Readonly<Record<string, VarSchema>>): Record<string, unknown> {
  const { $id: _, definitions, ...structure } = inventorySchema;
  const { hosts, children } = definitions.group.properties;
  const properties = {
    hosts: {
      ...hosts,
      description: "Hosts by name, with their own vars; web[01:20] is a range",
      additionalProperties: { $ref: "#/definitions/vars" },
    },
    vars: { $ref: "#/definitions/vars" },
    children: { ...children, description: "Groups within this one" },
  };
  const group = { ...definitions.group, properties };
  return { ...draft7("Hostwright inventory"), ...structure, definitions: { group, vars: varsSchema(vars) } };
}

function varsSchema(vars: Readonly<Record<string, VarSchema>>): Record<string, unknown> {
  const connection = connectionSettings.flatMap(({ names, schema }) => names.map((name) => [name, schema] as const));
  return {
    type: ["object", "null"],
    properties: { ...vars, ...Object.fromEntries(connection) },
    // Allowed, because Ansible knows them; not suggested, because they mean nothing here.
    patternProperties: { [`^(${IGNORED.join("|")})$`]: {}, [IGNORED_PREFIX.source]: {} },
    additionalProperties: false,
  };
}

function draft7(title: string): Record<string, unknown> {
  return { $schema: "http://json-schema.org/draft-07/schema#", title };
}
