import { createRequire } from "node:module";
import type { Ajv, ErrorObject, ValidateFunction } from "ajv";
import { type FormatName, formats } from "../format/format.ts";
import { Secret } from "../shell/secret.ts";

/** One var of a role: its JSON Schema, from which its static type is inferred too. */
export interface Var<T> {
  readonly json: Readonly<Record<string, unknown>>;
  readonly required: boolean;
  readonly secret: boolean;
  /** Of a secret, whose text is looked at only once it can be read; any other has it in `json`. */
  readonly secretFormat?: FormatName | undefined;
  readonly default?: T;
}

/** The vars of a role by name. */
export type Schema = Readonly<Record<string, Var<unknown>>>;

/** The values that a schema describes, defaults filled in. */
export type VarsOf<S extends Schema> = { readonly [K in keyof S]: S[K] extends Var<infer T> ? T : never };

/** What reading vars gives: the values, or what is wrong with them (in ajv's words, for the caller to place and explain). */
export type Reading<T> = { readonly value: T } | { readonly errors: readonly ErrorObject[] };

interface Options<T> {
  readonly default?: NoInfer<T>;
}

/** A string, not an empty one unless `minLength` is 0. Required unless it has a default, as all of these. */
export function string(
  description: string,
  options: Options<string> & { pattern?: string; format?: FormatName; minLength?: number } = {},
): Var<string> {
  return variable({ type: "string", minLength: 1, ...rest(options), description }, options);
}

/** A string out of these. */
export function oneOf<const T extends string>(
  description: string,
  values: readonly T[],
  options: Options<T> = {},
): Var<T> {
  return variable({ enum: values, description }, options);
}

/** A whole number. */
export function integer(
  description: string,
  options: Options<number> & { minimum?: number; maximum?: number } = {},
): Var<number> {
  return variable({ type: "integer", ...rest(options), description }, options);
}

/** A TCP port. */
export function port(description: string, options: Options<number> = {}): Var<number> {
  return integer(description, { minimum: 1, maximum: 65_535, ...options });
}

/** True or false. */
export function boolean(description: string, options: Options<boolean> = {}): Var<boolean> {
  return variable({ type: "boolean", description }, options);
}

/** A list of one kind of value. */
export function list<T>(description: string, item: Var<T>, options: Options<readonly T[]> = {}): Var<readonly T[]> {
  return variable({ type: "array", items: item.json, description }, options);
}

/** A value that must not be shown: `!env`, `!file`, `!age` or plain text, and always read as a `Secret`. */
export function secret(description: string, { format }: { readonly format?: FormatName } = {}): Var<Secret> {
  const text = variable<Secret>({ type: "string", minLength: 1, description }, {});
  return { ...text, secret: true, ...(format === undefined ? {} : { secretFormat: format }) };
}

/** The same var, which may be missing. */
export function optional<T>(inner: Var<T>): Var<T | undefined> {
  return { ...inner, required: false };
}

/**
 * Returns the vars of this schema out of all vars of a host, with defaults; vars of other roles are left out. A secret var is a
 * `Secret`, however it was given.
 */
export function readVars<S extends Schema>(schema: S, vars: Readonly<Record<string, unknown>>): Reading<VarsOf<S>> {
  const known = readings.get(vars) ?? new Map();
  readings.set(vars, known);
  const reading: Reading<VarsOf<S>> = known.get(schema) ?? read(schema, vars);
  known.set(schema, reading);
  return reading;
}

/** What was read of a host's vars, by schema: all who ask about a host get the same answer. */
const readings = new WeakMap<Readonly<Record<string, unknown>>, Map<Schema, Reading<never>>>();

function read<S extends Schema>(schema: S, vars: Readonly<Record<string, unknown>>): Reading<VarsOf<S>> {
  const own = Object.fromEntries(Object.entries(vars).filter(([name]) => name in schema));
  const errors = [...missing(schema, own), ...Object.entries(withoutSecrets(schema, own)).flatMap(problemsIn(schema))];
  if (errors.length > 0) return { errors };
  const defaults = Object.fromEntries(Object.entries(schema).map(([name, { default: value }]) => [name, value]));
  // ajv has just checked what the type says.
  return { value: { ...defaults, ...own, ...secretsAmong(schema, own) } as VarsOf<S> };
}

/** What ajv's keyword `required` would say. */
function missing(schema: Schema, own: Readonly<Record<string, unknown>>): readonly ErrorObject[] {
  const names = Object.keys(schema).filter((name) => schema[name]?.required && own[name] === undefined);
  return names.map((name) => ({
    keyword: "required",
    instancePath: "",
    schemaPath: "#/required",
    params: { missingProperty: name },
    message: `must have required property '${name}'`,
    parentSchema: { properties: { [name]: schema[name]?.json } },
  }));
}

function problemsIn(schema: Schema): (entry: readonly [string, unknown]) => readonly ErrorObject[] {
  return ([name, value]) => {
    const validate = validatorOf(schema[name]?.json ?? {});
    if (value === undefined || validate(value)) return [];
    return (validate.errors ?? []).map((error) => ({ ...error, instancePath: `/${name}${error.instancePath}` }));
  };
}

/**
 * One a var, and only of vars that some host has, whatever the number of roles and hosts: to compile them takes longer than all
 * else that a host takes.
 */
const validators = new WeakMap<Var<unknown>["json"], ValidateFunction>();

/** The compiled schema; made once for each. */
export function validatorOf(json: Var<unknown>["json"]): ValidateFunction {
  const known = validators.get(json);
  if (known) return known;
  const validate = compiler().compile(json);
  validators.set(json, validate);
  return validate;
}

const made: { compiler?: Ajv } = {};

/** Made when it is needed: who wants to see the options only does not wait until it is loaded. */
function compiler(): Ajv {
  const { Ajv }: typeof import("ajv") = createRequire(import.meta.url)("ajv");
  // That these schemas are schemas is said by their types: to compile the schema of schemas takes longer than all of them.
  made.compiler ??= new Ajv({
    ...{ allErrors: true, verbose: true, formats: CHECKS },
    ...{ meta: false, validateSchema: false, code: { optimize: false } },
  });
  return made.compiler;
}

/** The secret vars of a schema among these, by name: also what was given as plain text. */
export function secretsAmong(
  schema: Schema,
  vars: Readonly<Record<string, unknown>>,
): Readonly<Record<string, Secret>> {
  const names = Object.keys(schema).filter((name) => schema[name]?.secret);
  return Object.fromEntries(
    names.flatMap((name): [string, Secret][] => {
      const value = vars[name];
      if (value instanceof Secret) return [[name, value]];
      return typeof value === "string" ? [[name, new Secret(value, "plain text")]] : [];
    }),
  );
}

/** An empty text is said to be empty, and nothing more. */
const CHECKS = Object.fromEntries(
  Object.entries(formats).map(([name, { problem }]) => [
    name,
    (text: string) => text === "" || problem(text) === undefined,
  ]),
);

/** Only a var that says so may be a secret: elsewhere its value would end in a file that everyone may read. */
function withoutSecrets(schema: Schema, vars: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const plain = (name: string, value: unknown) => (value instanceof Secret && schema[name]?.secret ? "secret" : value);
  return Object.fromEntries(Object.entries(vars).map(([name, value]) => [name, plain(name, value)]));
}

function variable<T>(json: Record<string, unknown>, options: { readonly default?: T }): Var<T> {
  const required = !("default" in options);
  const shown = required ? json : { ...json, default: options.default };
  return { json: shown, required, secret: false, ...(required ? {} : { default: options.default as T }) };
}

function rest({ default: _, ...others }: { readonly default?: unknown }): Record<string, unknown> {
  return others;
}
