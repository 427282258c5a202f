import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Where bundles are kept: with the packages, so that what removes these removes them. */
export const CACHE = join(ROOT, "node_modules/.cache/hostwright");

const CACHE_URL = pathToFileURL(`${CACHE}/`).href;

/** What decides what is in a bundle, besides the files that it is made of: the packages, and how it is made. */
const COMMON = [
  join(ROOT, "node_modules/.package-lock.json"),
  ...["bundle.mjs", "build.mjs"].map((name) => fileURLToPath(new URL(name, import.meta.url))),
];

/** Whether a module was made here. */
export function isBundle(url) {
  return url.startsWith(CACHE_URL);
}

/**
 * Returns the URL of the bundle of a program, which is made anew when a byte of it is another. Throws what is wrong with the
 * program.
 */
export function bundleOf(file) {
  const index = `${CACHE}/${createHash("sha256").update(file).digest("hex").slice(0, 16)}.json`;
  const known = current(index);
  if (known) return known;
  const { status, stderr } = spawnSync(
    process.execPath,
    [fileURLToPath(new URL("build.mjs", import.meta.url)), ROOT, file, index],
    { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8", env: { ...process.env, NODE_OPTIONS: "" } },
  );
  const made = status === 0 ? current(index) : undefined;
  if (made) return made;
  throw Object.assign(new SyntaxError(stderr.trim() || `${file} changed while it was compiled`), { stack: "" });
}

/** The bundle that an index tells of, if it is what would be made now. */
function current(index) {
  try {
    const { inputs, key, entry } = JSON.parse(readFileSync(index, "utf8"));
    if (keyOf(inputs) !== key) return undefined;
    const made = join(CACHE, key, entry);
    statSync(made);
    noteUse(join(CACHE, key));
    return pathToFileURL(made).href;
  } catch {
    // None yet, or one of its files is gone.
    return undefined;
  }
}

/** So that it is known what is not used any more. */
function noteUse(folder) {
  const now = new Date();
  try {
    utimesSync(folder, now, now);
  } catch {
    // It is another user's, and as good.
  }
}

/** Returns a hash of the contents of these files, and of what all bundles depend on. */
export function keyOf(inputs) {
  const hash = createHash("sha256");
  for (const file of [...COMMON, ...inputs]) {
    const content = readFileSync(join("/", file));
    hash.update(`${file}\n${content.length}\n`).update(content);
  }
  return hash.digest("hex").slice(0, 32);
}
