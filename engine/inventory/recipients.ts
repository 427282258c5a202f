import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { isRecipient } from "./age.ts";
import { type Node, readDocument } from "./document.ts";
import { InventoryError, type Place, shownPath } from "./inventory.ts";
import { describe } from "./problem.ts";
import { hintFor } from "./suggest.ts";

/** The file that says who may decrypt what is encrypted in its folder and below. */
const RECIPIENTS_FILE = "recipients.yml";

const EVERYTHING_ELSE = "all";

/** The name under which `recipients.yml` lists a vars file: `prod` for prod.yml, group_vars/prod.yml and group_vars/prod/x.yml. */
export function recipientsName(file: string): string {
  const parts = resolve(file).split("/");
  const folder = parts.findLastIndex((part) => part === "group_vars" || part === "host_vars");
  return (folder < 0 ? basename(file) : (parts[folder + 1] ?? "")).replace(/\.(ya?ml|json|m?ts)$/, "");
}

/**
 * Returns the recipients of a name, else those of `all`, from the nearest `recipients.yml` in this folder or above.
 * With `strict` the name must be in it. Throws InventoryError.
 */
export async function recipientsIn(folder: string, name: string, strict = false): Promise<readonly string[]> {
  const { path, text } = await nearest(resolve(folder));
  const file = shownPath(path);
  const root = readDocument(text, file, {});
  const lists = root?.parts ?? new Map();
  const entry = lists.get(name) ?? (strict ? undefined : lists.get(EVERYTHING_ELSE));
  if (entry === undefined) {
    const expected = strict ? "a name in it" : `"${name}" or "${EVERYTHING_ELSE}" with a list of age1… keys`;
    const hint = strict ? hintFor(name, lists.keys()) : undefined;
    throw new InventoryError({ place: whole(file), found: `no recipients of "${name}"`, expected, hint });
  }
  return readList(entry.node);
}

async function readList({ value, place, parts }: Node): Promise<readonly string[]> {
  if (!Array.isArray(value) || value.length === 0) {
    const advice = "`npx zx playbooks/secret.mts keygen` makes one";
    throw new InventoryError({ place, found: describe(value), expected: "a list of age1… keys", hint: advice });
  }
  const keys = await Promise.all([...parts.values()].map(({ node }) => readKey(node)));
  return [...new Set(keys)];
}

async function readKey({ value, place }: Node): Promise<string> {
  if (typeof value === "string" && value.startsWith("AGE-SECRET-KEY-"))
    throw new InventoryError({
      place,
      found: "a secret key",
      expected: "its public key, age1…",
      hint: "make a new one",
    });
  if (typeof value === "string" && (await isRecipient(value))) return value;
  throw new InventoryError({ place, found: describe(value), expected: "a public key of age, age1…" });
}

async function nearest(folder: string): Promise<{ readonly path: string; readonly text: string }> {
  const start = whole(shownPath(join(folder, RECIPIENTS_FILE)));
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at, RECIPIENTS_FILE);
    try {
      return { path, text: await readFile(path, "utf8") };
    } catch (cause) {
      if (!(cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR"))) {
        throw new InventoryError(
          { place: whole(shownPath(path)), found: `${cause}`, expected: "a file that can be read" },
          { cause },
        );
      }
    }
    if (at === dirname(at)) {
      throw new InventoryError({
        place: start,
        found: "no such file here or above",
        expected: "the public keys to encrypt to",
      });
    }
  }
}

function whole(file: string): Place {
  return { file, line: 0, column: 0 };
}
