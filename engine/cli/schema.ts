import { writeFile } from "node:fs/promises";
import { inventoryFileSchema, type VarSchema, varsFileSchema } from "../inventory/editor-schema.ts";
import type { Role } from "../role/role.ts";
import { runProgram, say } from "./program.ts";
import { varsPage } from "./vars-table.ts";

const OWN: Readonly<Record<string, VarSchema>> = {
  release_lock: {
    type: "string",
    minLength: 1,
    description:
      "The file with the hashes of downloads, relative to the file that says so. Unset: releases.lock.json beside the inventory",
  },
};

/** Writes schemas and documentation of vars when the file of this URL was started: `npm run generate`. */
export async function runSchema(
  roles: readonly Role[],
  url: string,
  vars: Readonly<Record<string, VarSchema>> = {},
): Promise<void> {
  await runProgram(url, async () => {
    const files = schemaFiles(roles, vars);
    await Promise.all(Object.entries(files).map(([path, text]) => writeFile(path, text)));
    return say(Object.keys(files).join("\n"));
  });
}

/** Returns the text of each generated file by path: JSON Schemas for editors, and a page that lists all vars. */
export function schemaFiles(
  roles: readonly Role[],
  vars: Readonly<Record<string, VarSchema>> = {},
): Readonly<Record<string, string>> {
  const own = { ...OWN, ...vars };
  const all = { ...merged(roles), ...own };
  return {
    "inventory/schema.json": json(inventoryFileSchema(all)),
    "inventory/vars.schema.json": json(varsFileSchema(all)),
    "docs/vars.md": varsPage(roles, own),
  };
}

/** A var that several roles have must fit one of them; the roles themselves are stricter. */
function merged(roles: readonly Role[]): Record<string, VarSchema> {
  const byName = new Map<string, Map<string, VarSchema>>();
  for (const { schema } of roles) {
    for (const [name, { json: own }] of Object.entries(schema)) {
      const known = byName.get(name) ?? new Map<string, VarSchema>();
      byName.set(name, known.set(JSON.stringify(own), own as VarSchema));
    }
  }
  return Object.fromEntries([...byName].map(([name, schemas]) => [name, oneOf([...schemas.values()])]));
}

function oneOf(schemas: readonly VarSchema[]): VarSchema {
  const [first, ...others] = schemas;
  if (first === undefined) throw new TypeError("a var without a schema");
  return others.length === 0 ? first : { anyOf: schemas, description: first.description };
}

function json(schema: unknown): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}
