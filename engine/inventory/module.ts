import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Secret } from "../shell/secret.ts";
import type { Entry, Node } from "./document.ts";
import { InventoryError, type Place, type Vars, type VarValue } from "./inventory.ts";
import { describe } from "./problem.ts";

/** A group in a TypeScript inventory. */
export interface GroupSource {
  readonly hosts?: Readonly<Record<string, Vars | null>>;
  readonly vars?: Vars;
  readonly children?: Readonly<Record<string, GroupSource | null>>;
}

/** What a TypeScript inventory exports by default: groups by name, or an async function that returns them. */
export type InventorySource = Readonly<Record<string, GroupSource | null>>;

/** How long a TypeScript inventory may take: it asks a cloud for its hosts, not for a coffee. */
const LIMIT_MS = 60_000;

/**
 * Runs a TypeScript inventory and returns its tree; every place is the file as a whole. Throws InventoryError, also on one
 * that has no answer within the limit, or waits for what nobody will do.
 */
export async function readModule(file: string, place: Place, limitMs = LIMIT_MS): Promise<Node> {
  return toNode(await answerOf(load(file, place), place, limitMs), place, []);
}

async function load(file: string, place: Place): Promise<unknown> {
  const { default: exported } = await attempt<{ default?: unknown }>(
    place,
    () => import(pathToFileURL(resolve(file)).href),
  );
  const isFunction = typeof exported === "function";
  const groups = isFunction ? await attempt<unknown>(place, () => exported()) : exported;
  if (groups !== undefined && groups !== null) return groups;
  const found = isFunction ? "a function that returns nothing" : "no default export";
  throw new InventoryError({ place, found, expected: "groups, or an async function that returns them" });
}

async function attempt<T>(place: Place, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    throw new InventoryError(
      { place, found: `a module that fails (${reasonOf(cause)})`, expected: "groups" },
      { cause },
    );
  }
}

/** Anything can be thrown, and not all of it says why. */
function reasonOf(cause: unknown): string {
  if (cause instanceof Error) return cause.message.split("\n", 1)[0] || cause.name;
  return typeof cause === "string" ? (cause.split("\n", 1)[0] ?? "") : `it throws ${describe(cause)}`;
}

/** An inventory had no answer in time. What it waits for may keep this process alive: somebody has to end it. */
export class StuckError extends InventoryError {}

const EXPECTED = "groups: look for a promise that nobody resolves";

/** Waits until there is an answer, the time is over, or nothing is left in this process that could bring one. */
async function answerOf(loading: Promise<unknown>, place: Place, limitMs: number): Promise<unknown> {
  const over = new AbortController();
  const end = (found: string) => over.abort(new StuckError({ place, found, expected: EXPECTED }));
  const idle = () => setImmediate(end, "a module that waits for nothing");
  const timer = setTimeout(end, limitMs, `no answer after ${limitMs / 1000} s`).unref();
  process.once("beforeExit", idle);
  try {
    return await Promise.race([loading, rejection(over.signal)]);
  } finally {
    clearTimeout(timer);
    process.off("beforeExit", idle);
  }
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
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
  throw new InventoryError({
    place,
    found: `${nameOf(value)} at ${path.join(".") || "the top"}`,
    expected: "plain data",
  });
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
