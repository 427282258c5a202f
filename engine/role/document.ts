import { parse } from "yaml";
import { MismatchError } from "../format/mismatch.ts";
import { reveal, type Text } from "../shell/secret.ts";
import { validatorOf } from "./schema.ts";

/** A JSON Schema, as ajv takes it. Keep it in a constant: it is compiled once for each object. */
export type DocumentSchema = Readonly<Record<string, unknown>>;

/** A host is planned more than once, and most hosts alike: what was found right is not read again. */
const right = new WeakMap<DocumentSchema, Set<string>>();

/**
 * Returns the text of a file as it is, where what it says (YAML, or JSON where the path says so) fits a JSON Schema. Throws
 * `MismatchError` with the path, the place in it and what was expected there; no value is shown.
 */
export function checkedDocument<T extends Text>(path: string, text: T, schema: DocumentSchema): T {
  const known = right.get(schema) ?? new Set();
  right.set(schema, known);
  const plain = reveal(text);
  if (known.has(plain)) return text;
  const validate = validatorOf(schema);
  if (!validate(read(path, plain))) {
    const [error] = validate.errors ?? [];
    const { additionalProperty } = error?.params ?? {};
    const name = additionalProperty === undefined ? "" : ` (${additionalProperty})`;
    throw new MismatchError({
      message: path,
      found: `what does not fit at ${error?.instancePath || "its top"}`,
      expected: `what its reader takes: ${error?.message}${name}`,
    });
  }
  known.add(plain);
  return text;
}

function read(path: string, text: string): unknown {
  const name = path.endsWith(".json") ? "JSON" : "YAML";
  try {
    return name === "JSON" ? JSON.parse(text) : parse(text);
  } catch (cause) {
    throw new MismatchError({ message: path, found: `what is no ${name}`, expected: name }, { cause });
  }
}
