import { readFileSync } from "node:fs";
import { InventoryError } from "./inventory.ts";
import { splitPattern } from "./pattern.ts";

/** A limit with the patterns of its files in it: of `@FILE`, one a line, as in Ansible's `site.retry`. Throws InventoryError. */
export function withFiles(text: string): string {
  if (!/(?:^|,)\s*@/.test(text)) return text;
  return text
    .split(",")
    .flatMap((part) => (part.trim().startsWith("@") ? patternsIn(part.trim().slice(1)) : part))
    .join(",");
}

function patternsIn(file: string): readonly string[] {
  const lines = readLines(file).map((line) => line.trim());
  const patterns = lines.filter((line) => line !== "" && !line.startsWith("#")).flatMap(splitPattern);
  if (patterns.length > 0) return patterns;
  throw new InventoryError({ message: "--limit", found: `nothing in ${file}`, expected: "a pattern a line" });
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    const found = { ENOENT: "no such file", EISDIR: "a folder", EACCES: "no permission to read it" }[code] ?? code;
    throw new InventoryError(
      { message: "--limit", found: `${found} (${file})`, expected: "a file of patterns behind @" },
      { cause },
    );
  }
}
