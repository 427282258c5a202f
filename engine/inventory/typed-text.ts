import { type Node, readDocument } from "./document.ts";
import { InventoryError, type Place, type VarValue } from "./inventory.ts";

/** The JSON Schema of a var. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** JSON Schemas of vars by name: one for each role that reads the var. */
export type VarSchemas = ReadonlyMap<string, readonly JsonSchema[]>;

/**
 * Returns what a text of the command line is to a var of these schemas: what YAML makes of it, where a schema asks for that
 * type (`no` is false to a boolean), else the text. The check of vars refuses what is neither.
 */
export function typedText(text: string, place: Place, schemas: readonly JsonSchema[]): Node {
  const plain: Node = { value: text, place, parts: new Map() };
  const types = new Set(schemas.flatMap(typesOf));
  if (types.size === 0 || (types.size === 1 && types.has("string"))) return plain;
  const node = yamlOf(text, place);
  return node && typesOfValue(node.value).some((type) => types.has(type)) ? node : plain;
}

function yamlOf(text: string, { file, column }: Place): Node | undefined {
  try {
    // The spaces give its parts the columns that they have on the command line.
    return readDocument(" ".repeat(column - 1) + text, file, {});
  } catch (error) {
    if (error instanceof InventoryError) return undefined;
    throw error;
  }
}

function typesOf({ type, enum: values, anyOf }: JsonSchema): readonly string[] {
  if (Array.isArray(anyOf)) return anyOf.flatMap(typesOf);
  if (Array.isArray(values)) return values.flatMap(typesOfValue);
  return [type ?? []].flat().map(String);
}

function typesOfValue(value: VarValue): readonly string[] {
  if (value === null) return ["null"];
  if (Array.isArray(value)) return ["array"];
  if (typeof value === "number") return Number.isInteger(value) ? ["integer", "number"] : ["number"];
  return [typeof value];
}
