// What editors and people read of the vars, made from the roles' schemas: `npm run generate` writes inventory/schema.json,
// inventory/vars.schema.json and docs/vars.md.
import { runSchema, schemaFiles } from "hostwright";
import { app } from "../roles/app/index.ts";
import { monitoring } from "../roles/monitoring/index.ts";

const roles = [monitoring, app];
const vars = { lab: { type: "integer", minimum: 0, description: "Which lab of this machine the host belongs to" } };

/** The generated files, by path. */
export const files = schemaFiles(roles, vars);

await runSchema(roles, import.meta.url, vars);
