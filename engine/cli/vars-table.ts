import { formatOf } from "../format/format.ts";
import { connectionSettings, type VarSchema } from "../inventory/editor-schema.ts";
import { typeWords } from "../inventory/problem.ts";
import type { Role } from "../role/role.ts";
import type { Var } from "../role/schema.ts";

/** A longer one says less than the description. */
const LONGEST_PATTERN = 45;

/** Returns docs/vars.md: every var of these roles, and those that the command line reads. */
export function varsPage(roles: readonly Role[], own: Readonly<Record<string, VarSchema>>): string {
  const connection = connectionSettings.map(({ names: [name = "", ...others], schema }) => [
    code(name),
    others.map(code).join(", "),
    valueWords(schema),
    schema.description,
  ]);
  const others = Object.entries(own).map(([name, schema]) => [code(name), valueWords(schema), schema.description]);
  return [
    "# Vars",
    "Made by `npm run generate` from the roles' own schemas: edit those. [inventory.md](inventory.md) says where vars may stand.",
    ...roles.flatMap(({ name, schema }) => [
      `## Role ${name}`,
      table(["var", "value", "default", "what it is"], Object.entries(schema).map(roleRow)),
    ]),
    "## How to reach a host",
    table(["var", "also understood", "value", "what it is"], connection),
    "## The command line's own",
    table(["var", "value", "what it is"], others),
  ]
    .map((part) => `${part}\n`)
    .join("\n");
}

function roleRow([name, variable]: readonly [string, Var<unknown>]): readonly string[] {
  const { json, required, secret, default: value } = variable;
  const otherwise = value === undefined ? (required ? "**required**" : "unset") : code(JSON.stringify(value));
  return [code(name), secret ? "a secret" : valueWords(json), otherwise, String(json.description ?? "")];
}

function valueWords(schema: Readonly<Record<string, unknown>>): string {
  const { minimum, maximum, pattern, format, anyOf, items } = schema;
  if (Array.isArray(anyOf)) return anyOf.map(valueWords).join(", or ");
  if (typeof items === "object" && items !== null) return `a list: ${valueWords(items as Record<string, unknown>)}`;
  const words = (pattern === undefined ? formatOf(format)?.words : undefined) ?? typeWords(schema);
  if (typeof pattern === "string" && pattern.length <= LONGEST_PATTERN) return `${words} like ${code(pattern)}`;
  if (minimum !== undefined && maximum !== undefined) return `${words}, ${minimum} to ${maximum}`;
  return minimum === undefined ? words : `${words}, ${minimum} or more`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(heading), line(heading.map(() => "---")), ...rows.map(line)].join("\n");
}
