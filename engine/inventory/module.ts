import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Secret } from "../shell/secret.ts";
import type { Entry, Node } from "./document.ts";
import { InventoryError, type Place, type Vars, type VarValue } from "./inventory.ts";

/** A group in a TypeScript inventory. */
export interface GroupSource {
  readonly hosts?: Readonly<Record<string, Vars | null>>;
  readonly vars?: Vars;
  readonly children?: Readonly<Record<string, GroupSource | null>>;
}

/** What a TypeScript inventory exports by default: groups by name, or an async function that returns them. */
export type InventorySource = Readonly<Record<string, GroupSource | null>>;

/** Runs a TypeScript inventory and returns its tree; every place is the file as a whole. Throws InventoryError. */
export async function readModule(file: string, place: Place): Promise<Node> {
  const exported = await load(file, place);
  if (exported === undefined) {
    throw new InventoryError("found no default export, expected groups, or an async function that returns them", place);
  }
  return toNode(exported, place, []);
}

async function load(file: string, place: Place): Promise<unknown> {
  try {
    const module: { default?: unknown } = await import(pathToFileURL(resolve(file)).href);
    return typeof module.default === "function" ? await module.default() : module.default;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n", 1)[0] : String(cause);
    throw new InventoryError(`found a module that fails (${reason}), expected groups`, place, { cause });
  }
}

function toNode(value: unknown, place: Place, path: readonly string[]): Node {
  if (value === null || value instanceof Secret || ["string", "number", "boolean"].includes(typeof value)) {
    return { value: value as VarValue, place, parts: new Map() };
  }
  if (Array.isArray(value)) {
    const parts = entries(
      value.map((part, index) => [String(index), part]),
      place,
      path,
    );
    return { value: [...parts.values()].map(({ node }) => node.value), place, parts };
  }
  if (typeof value === "object" && isPlain(value)) {
    const parts = entries(
      Object.entries(value).filter(([, part]) => part !== undefined),
      place,
      path,
    );
    return { value: Object.fromEntries([...parts].map(([key, { node }]) => [key, node.value])), place, parts };
  }
  throw new InventoryError(`found ${nameOf(value)} at ${path.join(".") || "the top"}, expected plain data`, place);
}

function entries(parts: [string, unknown][], place: Place, path: readonly string[]): ReadonlyMap<string, Entry> {
  return new Map(
    parts.map(([key, part]) => [key, { node: toNode(part, place, [...path, key]), keyPlace: place, keyIsText: true }]),
  );
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function nameOf(value: unknown): string {
  return typeof value === "object" && value !== null ? `a ${value.constructor.name}` : `a ${typeof value}`;
}
