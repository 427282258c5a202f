import { existsSync } from "node:fs";
import type { Entry, Node } from "./document.ts";
import { InventoryError, type Place } from "./inventory.ts";

/** Whether `-i` names hosts instead of a file, as `-i web-1,` does: a comma says so. */
export function isHostList(text: string): boolean {
  return text.includes(",") && !existsSync(text);
}

/** Returns the tree of `web-1,db-[1:3]:2222`: hosts in no group. Throws InventoryError where it names none. */
export function readHostList(text: string): Node {
  const place: Place = { file: `-i ${text}`, line: 0, column: 0 };
  const names = text.split(",").map((name) => name.trim());
  const hosts = names.filter((name) => name !== "");
  if (hosts.length === 0)
    throw new InventoryError({ place, found: "no host", expected: "names with a comma behind each" });
  const nothing: Node = { value: null, place, parts: new Map() };
  return mapping(
    { all: mapping({ hosts: mapping(Object.fromEntries(hosts.map((name) => [name, nothing])), place) }, place) },
    place,
  );
}

function mapping(parts: Readonly<Record<string, Node>>, place: Place): Node {
  const entries = Object.entries(parts).map(([key, node]): [string, Entry] => [
    key,
    { node, keyPlace: place, keyIsText: true },
  ]);
  return {
    value: Object.fromEntries(entries.map(([key, { node }]) => [key, node.value])),
    place,
    parts: new Map(entries),
  };
}
