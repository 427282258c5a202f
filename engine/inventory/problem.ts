import type { ErrorObject } from "ajv";
import { formatWords } from "../format/format.ts";
import { MASK, Secret } from "../shell/secret.ts";
import { formatProblem, InventoryError, isMapping, type Place, type Problem, type VarValue } from "./inventory.ts";
import { hintFor, suggest } from "./suggest.ts";

/** What is needed to explain schema errors in the words and places of the person who wrote the values. */
export interface Checked {
  /** What was validated, with its secrets. */
  readonly data: unknown;
  /** Where a value or its key stands; a host's `place` fits. */
  readonly locate: (path: readonly string[], part: "key" | "value") => Place | undefined;
  /** How messages name a path: `var server.port` by default. */
  readonly subject?: (path: readonly string[]) => string;
}

/**
 * Returns the problems that these errors are: `var path`, what was found and expected, where, and what may be meant. The
 * Ajv instance needs `allErrors` and `verbose`. Errors about the text of a secret are dropped: nobody knows it yet.
 */
export function explainErrors(errors: readonly ErrorObject[], checked: Checked): readonly Problem[] {
  return distinct(withoutEchoes(errors, checked).map((error) => explain(error, checked)));
}

/** The problems without those that say the same. */
export function distinct(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()];
}

/** A copy for validation: each secret is replaced by a text. */
export function hideSecrets(value: VarValue): unknown {
  if (value instanceof Secret) return String(value);
  if (Array.isArray(value)) return value.map(hideSecrets);
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, hideSecrets(part)]));
}

/** Every secret in a value, however deep. */
export function secretsIn(value: VarValue): readonly Secret[] {
  if (value instanceof Secret) return [value];
  if (Array.isArray(value)) return value.flatMap(secretsIn);
  return isMapping(value) ? Object.values(value).flatMap(secretsIn) : [];
}

/** What is wrong with the secrets in a value that cannot be read: a variable not set, a file not there. */
export function unreadableSecrets(value: VarValue): readonly Problem[] {
  return secretsIn(value).flatMap((secret) => {
    try {
      secret.reveal();
      return [];
    } catch (error) {
      if (error instanceof InventoryError) return error.problems;
      throw error;
    }
  });
}

/** A value as messages show it: short, on one line, without secrets. */
export function describe(value: unknown): string {
  if (value instanceof Secret) return "a secret";
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return Object.keys(value).length === 0 ? "an empty mapping" : "a mapping";
  if (typeof value !== "string") return JSON.stringify(value) ?? typeof value;
  const text = value.replace(/(?<=:\/\/[^/@\s]*:)[^/@\s]*(?=@)/, MASK);
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
}

/** A path as it is written: `server.ports[0]`. */
export function formatPath(path: readonly (string | number)[]): string {
  return path
    .map((part, index) => (/^\d+$/.test(String(part)) ? `[${part}]` : `${index === 0 ? "" : "."}${part}`))
    .join("");
}

function explain(error: ErrorObject, checked: Checked): Problem {
  const path = pathOf(error);
  const { subject = (path: readonly string[]) => (path.length === 0 ? "vars" : `var ${formatPath(path)}`) } = checked;
  const place = nearestPlace(path, error.keyword === "required" ? "key" : partOf(error), checked);
  const { at, found, expected, hint } = judge(error, path, checked.data);
  return { message: subject(at), place, found, expected, hint };
}

interface Judgement {
  readonly at: readonly string[];
  readonly found: string;
  readonly expected: string;
  readonly hint?: string | undefined;
}

function judge(error: ErrorObject, path: readonly string[], data: unknown): Judgement {
  if (error.keyword === "required") {
    return {
      at: path,
      found: "nothing",
      expected: `it to be set (${typeWords(schemaOfProperty(error, path.at(-1)))})`,
    };
  }
  if (partOf(error) === "key") {
    const key = path.at(-1) ?? "";
    const known = knownKeys(error);
    return {
      at: path.slice(0, -1),
      found: `the unknown key "${key}"`,
      expected: keyList(known),
      hint: hintFor(key, known),
    };
  }
  const value = valueAt(data, path);
  const options = error.keyword === "enum" && typeof value === "string" ? allowed(error).map(String) : [];
  const hint = typeof value === "string" ? hintFor(value, options) : undefined;
  return { at: path, found: describe(value), expected: expectation(error), hint };
}

// For a missing or unknown property ajv names the parent; the message is about the property.
function pathOf(error: ErrorObject): readonly string[] {
  const path = error.instancePath.split("/").slice(1).map(unescapePointer);
  const property: unknown =
    error.params.missingProperty ?? error.params.additionalProperty ?? error.params.unevaluatedProperty;
  return typeof property === "string" ? [...path, property] : path;
}

function unescapePointer(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}

function partOf(error: ErrorObject): "key" | "value" {
  return /^(additional|unevaluated)Properties$/.test(error.keyword) ? "key" : "value";
}

function nearestPlace(path: readonly string[], part: "key" | "value", { locate }: Checked): Place | undefined {
  const exact = locate(path, part);
  if (exact !== undefined || path.length === 0) return exact;
  return nearestPlace(path.slice(0, -1), "key", { data: undefined, locate });
}

function knownKeys(error: ErrorObject): readonly string[] {
  return isMapping(error.parentSchema?.properties) ? Object.keys(error.parentSchema.properties) : [];
}

function keyList(known: readonly string[]): string {
  if (known.length === 0) return "no keys here";
  return known.length > 8 ? "one that is known here" : listed(known);
}

function listed(values: readonly unknown[]): string {
  const shown = values.map((value) => JSON.stringify(value));
  return shown.length === 1 ? String(shown[0]) : `one of ${shown.join(", ")}`;
}

function allowed(error: ErrorObject): readonly unknown[] {
  const values: unknown = error.params.allowedValues;
  return Array.isArray(values) ? values : [];
}

function schemaOfProperty(error: ErrorObject, property: string | undefined): unknown {
  const properties: unknown = error.parentSchema?.properties;
  return isMapping(properties) && property !== undefined ? properties[property] : undefined;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  null: "nothing",
};

/** What a JSON Schema asks for, as messages say it: "text", "one of …". */
export function typeWords(schema: unknown): string {
  if (!isMapping(schema)) return "any value";
  if (Array.isArray(schema.enum)) return listed(schema.enum);
  const types = [schema.type ?? []].flat().filter((type) => typeof type === "string");
  return types.map((type) => TYPE_WORDS[type] ?? type).join(" or ") || "any value";
}

function expectation(error: ErrorObject): string {
  const words = EXPECTATIONS[error.keyword];
  return words === undefined ? (error.message ?? error.keyword) : words(error);
}

const EXPECTATIONS: Readonly<Record<string, (error: ErrorObject) => string>> = {
  type: ({ params }) => typeWords({ type: params.type }),
  enum: (error) => listed(allowed(error)),
  const: ({ params }) => JSON.stringify(params.allowedValue),
  pattern: ({ params, parentSchema }) => patternWords(params.pattern, parentSchema?.description),
  format: ({ params, data }) => formatWords(params.format, data),
  minimum: ({ params }) => `${params.limit} or more`,
  maximum: ({ params }) => `${params.limit} or less`,
  exclusiveMinimum: ({ params }) => `more than ${params.limit}`,
  exclusiveMaximum: ({ params }) => `less than ${params.limit}`,
  multipleOf: ({ params }) => `a multiple of ${params.multipleOf}`,
  minLength: ({ params }) => (params.limit === 1 ? "text that is not empty" : `at least ${params.limit} characters`),
  maxLength: ({ params }) => `at most ${params.limit} characters`,
  minItems: ({ params }) => `at least ${params.limit} in the list`,
  maxItems: ({ params }) => `at most ${params.limit} in the list`,
  uniqueItems: () => "each value once",
  minProperties: ({ params }) => `at least ${params.limit} keys`,
  maxProperties: ({ params }) => `at most ${params.limit} keys`,
};

function patternWords(pattern: unknown, description: unknown): string {
  return `text that matches /${pattern}/${typeof description === "string" ? ` (${description})` : ""}`;
}

/** Leaves out what only repeats another error, and what is about a secret's text. */
function withoutEchoes(errors: readonly ErrorObject[], { data }: Checked): readonly ErrorObject[] {
  const unions = errors.filter(({ keyword }) => keyword === "anyOf" || keyword === "oneOf");
  const inUnion = (error: ErrorObject) =>
    unions.find((union) => union !== error && error.schemaPath.startsWith(`${union.schemaPath}/`));
  const kept = errors.filter((error) => error.keyword !== "if" && !unions.includes(error) && !inUnion(error));
  const all = [...kept, ...unions.filter((union) => !inUnion(union)).flatMap((union) => unionErrors(union, errors))];
  const meant = new Set(all.flatMap((error) => (partOf(error) === "key" ? meantKey(error) : [])));
  return all.filter((error) => {
    if (error.keyword === "required") return !meant.has(pathOf(error).join("/"));
    const secret = valueAt(data, pathOf(error)) instanceof Secret;
    return !secret || error.keyword === "type";
  });
}

// A value of the wrong type for every branch gets one error with all types; else the branch that got deepest speaks.
function unionErrors(union: ErrorObject, errors: readonly ErrorObject[]): ErrorObject[] {
  const branches = errors.filter(({ schemaPath }) => schemaPath.startsWith(`${union.schemaPath}/`));
  const deeper = branches.filter(
    ({ keyword, instancePath }) => keyword !== "type" || instancePath !== union.instancePath,
  );
  if (deeper.length > 0) return deeper;
  const types = branches.flatMap(({ params }) => params.type);
  return [{ ...union, keyword: "type", params: { type: [...new Set(types)] } }];
}

function meantKey(error: ErrorObject): string[] {
  const path = pathOf(error);
  const meant = suggest(path.at(-1) ?? "", knownKeys(error));
  return meant === undefined ? [] : [[...path.slice(0, -1), meant].join("/")];
}

function valueAt(data: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, part) => {
    if (Array.isArray(value)) return value[Number(part)];
    return isMapping(value) ? value[part] : undefined;
  }, data);
}
