// Makes one bundle, in a process of its own: esbuild is needed when something changed, and not otherwise.
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { CACHE, keyOf } from "./bundle.mjs";

const KEPT_MS = 7 * 24 * 3_600_000;

const [root = "", file = "", index = ""] = process.argv.slice(2);
const staged = join(CACHE, `${process.pid}.new`);
try {
  mkdirSync(staged, { recursive: true });
} catch (error) {
  console.error(`${CACHE}: cannot be written (${error.code}): run once as the user that owns it`);
  process.exit(1);
}
process.once("exit", () => rmSync(staged, { recursive: true, force: true }));
const { metafile } = await bundle().catch(() => process.exit(1));
const inputs = Object.keys(metafile.inputs)
  .filter((name) => !name.includes("node_modules/"))
  .map((name) => join(root, name));
// What not everybody may read, or may reach, is not to be read here: an inventory may have secrets in plain text.
if (inputs.some((input) => !input.startsWith(root) || (statSync(input).mode & 0o004) === 0)) chmodSync(staged, 0o700);
const key = keyOf(inputs);
keep(join(CACHE, key));
writeFileSync(
  `${index}.${process.pid}`,
  JSON.stringify({ inputs, key, entry: `${basename(file).replace(/\.m?ts$/, "")}.mjs` }),
);
renameSync(`${index}.${process.pid}`, index);
forgetOld();

/** Whoever was faster has made the same. */
function keep(folder) {
  try {
    renameSync(staged, folder);
  } catch {
    statSync(folder);
  }
}

/** A run may still load parts of the last one. */
function forgetOld() {
  for (const name of readdirSync(CACHE)) {
    const path = join(CACHE, name);
    // What another start was making may be in its place by now, under its own name.
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() };
    if (name !== "compiled" && Date.now() - mtimeMs > KEPT_MS) rmSync(path, { recursive: true, force: true });
  }
}

function bundle() {
  return build({
    absWorkingDir: root,
    entryPoints: [file],
    outdir: staged,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    // Of the engine there is one, whatever else a run loads: an inventory of its own has its bundle too. Most runs have no use
    // for the other, which is as large as the engine.
    external: ["hostwright", "re2js"],
    // What is CommonJS asks for these.
    banner: {
      js: `import { createRequire as requireOf } from "node:module"; const require = requireOf(${JSON.stringify(join(root, "package.json"))}), __dirname = ${JSON.stringify(root)};`,
    },
    // Less to parse; names stay, for who reads a stack.
    minifyWhitespace: true,
    sourcemap: "linked",
    sourcesContent: false,
    metafile: true,
    logLevel: "error",
    plugins: [{ name: "hostwright", setup: plugin }],
  });
}

function plugin({ onLoad, onResolve }) {
  // Where a file lies is a fact of the file, wherever its code went.
  onLoad({ filter: /\.m?ts$/ }, ({ path }) => ({
    loader: "ts",
    contents: readFileSync(path, "utf8")
      // What is loaded only when it is needed comes along.
      .replaceAll("createRequire(import.meta.url)(", "require(")
      .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href))
      .replaceAll("import.meta.dirname", JSON.stringify(dirname(path))),
  }));
  // Compiled code of a package, where the package has it.
  onResolve({ filter: /\.node$/ }, ({ path, resolveDir }) => ({ path: join(resolveDir, path), external: true }));
}
