import { readFile, rename, writeFile } from "node:fs/promises";
import { download } from "./download.ts";
import { InventoryError, isMapping, shownPath } from "./inventory.ts";

/** The hash of a downloaded file, and where it was read. */
export interface LockEntry {
  readonly sha256: string;
  readonly source: string;
  readonly lacks?: readonly string[];
}

/** Hashes by file name, as the lock file beside an inventory holds them. */
export type ReleaseLock = Readonly<Record<string, LockEntry>>;

/** A file whose hash is to be known, and the checksum file of its release. */
export interface Wanted {
  readonly file: string;
  readonly checksumsUrl: string;
  readonly alsoFrom?: readonly string[];
  readonly hosts?: readonly string[];
}

/** Returns what the lock file holds; nothing where there is none. Throws `InventoryError` on a file that is not one. */
export async function readReleaseLock(path: string): Promise<ReleaseLock> {
  const bad = (found: string) =>
    new InventoryError({
      place: { file: shownPath(path), line: 0, column: 0 },
      found,
      expected: '{"FILE": {"sha256": "…", "source": "…"}}',
    });
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "{}";
    throw bad(`a lock that cannot be read (${error.code})`);
  });
  try {
    const lock: unknown = JSON.parse(text);
    if (!isMapping(lock)) throw bad("no mapping");
    const wrong = Object.entries(lock).find(([, entry]) => !isMapping(entry) || typeof entry.source !== "string");
    if (wrong) throw bad(`the entry "${wrong[0]}" without a source`);
    return lock as unknown as ReleaseLock;
  } catch (error) {
    if (error instanceof SyntaxError) throw bad("what is not JSON");
    throw error;
  }
}

/**
 * Returns the lock with an entry for every wanted file: a hash once written down stays, a missing one is read from the
 * release's own checksum file and, with `save`, written down. `before` are those that this run has found already. Throws
 * `InventoryError` where that file cannot be read.
 */
export async function lockReleases(
  path: string,
  wanted: readonly Wanted[],
  save: boolean,
  before: ReleaseLock = {},
): Promise<ReleaseLock> {
  const known = { ...(await readReleaseLock(path)), ...before };
  const missing = wanted.filter((one) => !isLocked(one, known[one.file]));
  if (missing.length === 0) return known;
  const urls = new Map(missing.map(({ checksumsUrl, hosts }) => [checksumsUrl, hosts]));
  const sums = new Map(
    await Promise.all([...urls].map(async ([url, hosts]) => [url, await fetchChecksums(url, path, hosts)] as const)),
  );
  const found = missing.map(
    ({ file, checksumsUrl }) => [file, entryOf(file, checksumsUrl, sums.get(checksumsUrl))] as const,
  );
  const lock = { ...known, ...Object.fromEntries(found) };
  if (save) await write(path, lock);
  return lock;
}

/** Archives are not always named after their version, but checksum files are: another one means another release. */
function isLocked({ checksumsUrl, alsoFrom = [] }: Wanted, entry: LockEntry | undefined): boolean {
  return entry !== undefined && ([checksumsUrl, ...alsoFrom].includes(entry.source) || !/^https?:/.test(entry.source));
}

/** Lines of `sha256sum`: hash, space, space or `*`, name. */
export function parseChecksums(text: string): ReadonlyMap<string, string> {
  const found = text.matchAll(/^([0-9a-f]{64}) [ *](?:\.\/)?(\S+)$/gm);
  return new Map([...found].map(([, hash = "", name = ""]) => [name, hash]));
}

async function fetchChecksums(
  url: string,
  path: string,
  hosts: readonly string[] | undefined,
): Promise<ReadonlyMap<string, string>> {
  try {
    return parseChecksums(await download(url, hosts));
  } catch (cause) {
    const reason =
      cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : String(cause);
    throw new InventoryError(
      `cannot read the checksums of a release: ${url}: ${reason}. Write the hash into ${shownPath(path)} yourself, or let release_mirror name a folder that has this file`,
      { cause },
    );
  }
}

function entryOf(file: string, url: string, sums: ReadonlyMap<string, string> | undefined): LockEntry {
  const sha256 = sums?.get(file);
  if (sha256 === undefined) throw new InventoryError(`${url} has no line for ${file}: is the version right?`);
  return { sha256, source: url };
}

async function write(path: string, lock: ReleaseLock): Promise<void> {
  const sorted = Object.fromEntries(Object.entries(lock).sort(([a], [b]) => a.localeCompare(b)));
  await writeFile(`${path}.new`, `${JSON.stringify(sorted, null, 2)}\n`);
  await rename(`${path}.new`, path);
}
