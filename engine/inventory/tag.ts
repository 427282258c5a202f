import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Secret } from "../shell/secret.ts";
import { AgeSecret } from "./age.ts";
import type { Env } from "./env.ts";
import { InventoryError, type Place, type VarValue } from "./inventory.ts";
import { hintFor } from "./suggest.ts";

/** A scalar of a vars file, before its tag gave it a meaning. */
export interface Scalar {
  readonly text: string;
  readonly tag: string | undefined;
  /** Written without quotes, so that `yes` and `8080` are more than text. */
  readonly plain: boolean;
  readonly place: Place;
}

const YAML_TAG = "tag:yaml.org,2002:";
const OWN_TAGS = ["!env", "!file", "!age", "!unsafe"];

/** Returns the value of a scalar; throws InventoryError on an unknown tag or a number that would lose digits. */
export function scalarValue(scalar: Scalar, env: Env): VarValue {
  const { text, tag, plain, place } = scalar;
  if (tag === "!" || (tag === undefined && plain)) return plainValue(text, place);
  if (tag === undefined) return text;
  if (tag === "!unsafe" || tag === `${YAML_TAG}str`) return text;
  if (tag === "!env") return envSecret(text.trim(), env, place);
  if (tag === "!file") return fileSecret(text.trim(), place);
  if (tag === "!age") return ageSecret(text, place);
  if (tag.startsWith("!vault")) {
    const expected = "!age: `ansible-vault decrypt`, then `secret.mts encrypt`";
    throw new InventoryError({ place, found: `${tag}, which only Ansible can decrypt`, expected });
  }
  if (tag.startsWith(YAML_TAG)) return taggedValue(text, tag.slice(YAML_TAG.length), place);
  throw unknownTag(tag, place);
}

/** The error for a tag that nobody defined. */
export function unknownTag(tag: string, place: Place): InventoryError {
  const shown = tag.startsWith(YAML_TAG) ? `!!${tag.slice(YAML_TAG.length)}` : tag;
  return new InventoryError({
    place,
    found: `the unknown tag ${shown}`,
    expected: `${OWN_TAGS.join(", ")} or none`,
    hint: hintFor(shown, OWN_TAGS),
  });
}

// PyYAML's own patterns (YAML 1.1), since Ansible reads with PyYAML: `yes` is true but `y` is text, `010` is 8 but
// `08` is text, `1:30` is 90, `1e3` is text. The yaml package's 1.1 schema differs in all of these but the first.
const BOOLEAN = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const TRUE = /^(?:yes|true|on)$/i;
const NULL = /^(?:~|null|Null|NULL|)$/;
const INTEGER =
  /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)$/;

function plainValue(text: string, place: Place): VarValue {
  if (NULL.test(text)) return null;
  if (BOOLEAN.test(text)) return TRUE.test(text);
  if (INTEGER.test(text)) return integer(text, place);
  return FLOAT.test(text) ? float(text) : text;
}

function taggedValue(text: string, type: string, place: Place): VarValue {
  const value = plainValue(text.trim(), place);
  if (type === "null" && value === null) return value;
  if (type === "bool" && typeof value === "boolean") return value;
  if (type === "int" && Number.isInteger(value)) return value;
  if (type === "float" && typeof value === "number") return value;
  if (["null", "bool", "int", "float"].includes(type)) {
    throw new InventoryError({ place, found: JSON.stringify(text), expected: `what its tag !!${type} says` });
  }
  throw unknownTag(YAML_TAG + type, place);
}

function integer(text: string, place: Place): number {
  const digits = text.replaceAll("_", "").replace(/^[-+]/, "");
  const value = (text.startsWith("-") ? -1 : 1) * unsigned(digits);
  if (Number.isSafeInteger(value)) return value;
  throw new InventoryError({
    place,
    found: `the number ${text}, which is too long to keep its digits`,
    expected: "it in quotes",
  });
}

function unsigned(digits: string): number {
  if (digits.includes(":")) return sexagesimal(digits);
  if (/^0[0-7]+$/.test(digits)) return Number.parseInt(digits, 8);
  return Number(digits);
}

function float(text: string): number {
  const digits = text.replaceAll("_", "").replace(/^[-+]/, "");
  return (text.startsWith("-") ? -1 : 1) * (digits.includes(":") ? sexagesimal(digits) : Number(digits));
}

function sexagesimal(digits: string): number {
  return digits.split(":").reduce((total, part) => total * 60 + Number(part), 0);
}

function ageSecret(text: string, place: Place): Secret {
  if (text.trim() !== "") return new AgeSecret(text, place);
  throw new InventoryError({ place, found: "!age without a block", expected: "what `secret.mts encrypt` prints" });
}

// These secrets are read when they are revealed: a run limited to other hosts needs neither.
function envSecret(name: string, env: Env, place: Place): Secret {
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw new InventoryError({
      place,
      found: `!env ${JSON.stringify(name)}`,
      expected: "the name of an environment variable",
    });
  }
  const read = (): string => {
    const value = env[name];
    if (value !== undefined && value !== "") return value;
    const found = value === "" ? `the environment variable ${name} empty` : `no environment variable ${name}`;
    throw new InventoryError({ place, found, expected: "the secret in it", hint: `export ${name}=…` });
  };
  return new Secret(read, `!env ${name}`);
}

function fileSecret(path: string, place: Place): Secret {
  if (path === "")
    throw new InventoryError({ place, found: "!file without a path", expected: "the path of a file beside this one" });
  const absolute = resolve(dirname(place.file), path);
  const read = (): string => {
    const text = readText(absolute, place).replace(/\r?\n$/, "");
    if (text.trim() !== "") return text;
    throw new InventoryError({ place, found: `the file ${absolute} empty`, expected: "the secret in it" });
  };
  return new Secret(read, `!file ${path}`);
}

function readText(path: string, place: Place): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/, .*/s, "") : String(cause);
    const found = `no secret in ${path} (${reason})`;
    throw new InventoryError({ place, found, expected: "a file that can be read" }, { cause });
  }
}
