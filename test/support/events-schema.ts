import { readFileSync } from "node:fs";
import { Ajv } from "ajv";

/** The published schema of events. */
export const schema = JSON.parse(readFileSync("docs/events.schema.json", "utf8"));

const ajv = new Ajv({ strict: true, formats: { "date-time": (text: string) => !Number.isNaN(Date.parse(text)) } });
const validate = ajv.compile(closed({ ...schema, $id: undefined }) as object);

/** The same with every object closed: a field that is not documented is found. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, closed(item)]);
  const isObject = "properties" in value && "type" in value;
  return Object.fromEntries(isObject ? [...entries, ["additionalProperties", false]] : entries);
}

/** Of lines of `--json`, read back, those that are not as the schema says, and why. */
export function notValid(lines: readonly unknown[]): readonly unknown[] {
  return lines.flatMap((line) => (validate(line) ? [] : [{ line, errors: validate.errors }]));
}
