import type { Dirent } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";
import { type Node, readDocument } from "./document.ts";
import type { Env } from "./env.ts";
import { isHostList, readHostList } from "./host-list.ts";
import { isIni } from "./ini.ts";
import { type Inventory, InventoryError, isMapping, shownPath } from "./inventory.ts";
import { mergeInventory, type VarsFile } from "./merge.ts";
import { readModule } from "./module.ts";
import { describe } from "./problem.ts";
import { checkStructure } from "./schema.ts";
import { buildTree, type Tree } from "./tree.ts";

/** What loading needs from its caller. */
export interface LoadOptions {
  /** From `parseExtraVars`: wins over every file. */
  readonly extraVars?: readonly Node[];
  /** Where `!env` looks. */
  readonly env: Env;
  /** The folder of the playbook: vars folders beside it are read too. */
  readonly playbookFolder?: string;
}

/** Reads, checks and merges inventory files, with the vars folders beside them. Throws InventoryError; contacts no host. */
export async function loadInventory(
  files: readonly string[],
  { extraVars = [], env, playbookFolder }: LoadOptions,
): Promise<Inventory> {
  if (files.length === 0) throw new InventoryError({ found: "no inventory", expected: "at least one file (-i FILE)" });
  const roots = await Promise.all(files.map((file) => readInventory(file, env)));
  roots.forEach(checkStructure);
  const tree = buildTree(roots);
  const beside = [
    ...files.filter((file) => !isHostList(file)).map((file) => dirname(file)),
    playbookFolder ?? [],
  ].flat();
  const folders = await Promise.all(lastOfEach(beside).map((folder) => readFolder(folder, tree, env)));
  return mergeInventory({
    files: files.map(shownPath),
    tree,
    folders: folders.map(({ found }) => found),
    extraVars,
    warnings: folders.flatMap(({ warnings }) => warnings),
  });
}

async function readInventory(file: string, env: Env): Promise<Node> {
  const place = { file: shownPath(file), line: 0, column: 0 };
  if (isHostList(file)) return readHostList(file);
  if (/\.m?ts$/.test(file)) return readModule(file, place);
  const text = await readText(file);
  if (isIni(text))
    throw new InventoryError({
      place,
      found: "an INI inventory",
      expected: "YAML",
      hint: "`ansible-inventory -i FILE --list --yaml` converts it",
    });
  const root = readDocument(text, place.file, env);
  if (root === undefined || root.value === null)
    throw new InventoryError({ place, found: "an empty file", expected: 'groups, such as "all:"' });
  return root;
}

async function readText(file: string): Promise<string> {
  const place = { file: shownPath(file), line: 0, column: 0 };
  try {
    return (await readFile(file, "utf8")).replace(/^\uFEFF/, "");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    const found = { ENOENT: "no such file", EISDIR: "a folder", EACCES: "no permission to read it" }[code] ?? code;
    const inside = code === "EISDIR" ? await inventoriesIn(file) : "";
    throw new InventoryError({ place, found, expected: `a file${inside}` }, { cause });
  }
}

async function inventoriesIn(folder: string): Promise<string> {
  const files = (await list(folder)).map(({ name }) => name).filter((name) => /\.(ya?ml|json|m?ts)$/.test(name));
  return files.length > 0 ? `, such as ${shownPath(join(folder, files[0] ?? ""))}` : "";
}

// Two inventories in one folder share its vars; the folder ranks where the later one stands.
function lastOfEach(folders: readonly string[]): readonly string[] {
  const paths = folders.map((folder) => resolve(folder));
  return folders.filter((_, index) => paths.lastIndexOf(paths[index] ?? "") === index);
}

interface Folder {
  readonly found: readonly VarsFile[];
  readonly warnings: readonly string[];
}

async function readFolder(folder: string, tree: Tree, env: Env): Promise<Folder> {
  const groups = await readVars(join(folder, "group_vars"), [...tree.groups.keys()], env);
  const hosts = await readVars(join(folder, "host_vars"), [...tree.hosts.keys()], env);
  return { found: [...groups.found, ...hosts.found], warnings: [...groups.warnings, ...hosts.warnings] };
}

const EXTENSIONS = ["", ".yml", ".yaml", ".json"];

async function readVars(folder: string, names: readonly string[], env: Env): Promise<Folder> {
  const entries = new Map((await list(folder)).map((entry) => [entry.name, entry]));
  const kind = folder.endsWith("host_vars") ? "host_vars" : "group_vars";
  const found: VarsFile[] = [];
  const warnings: string[] = [];
  for (const name of names) {
    const [first, ...rest] = EXTENSIONS.flatMap((extension) => entries.get(name + extension) ?? []);
    if (first === undefined) continue;
    for (const file of await filesBelow(folder, first)) {
      const vars = await readVarsFile(file, env);
      if (vars) found.push({ level: `${kind}/${name}`, vars });
    }
    // Ansible reads the first and says nothing.
    warnings.push(
      ...rest.map((other) => `${shownPath(join(folder, other.name))} is not read: ${first.name} comes before it`),
    );
  }
  return { found, warnings };
}

async function filesBelow(folder: string, entry: Dirent): Promise<readonly string[]> {
  const path = join(folder, entry.name);
  if (!(await isFolder(path, entry))) return [path];
  const inside = (await list(path)).filter(({ name }) => !name.startsWith(".") && !name.endsWith("~"));
  const files = inside.map(async (part) => {
    const extension = extname(part.name);
    const below = await isFolder(join(path, part.name), part);
    if (below) return extension === "" ? filesBelow(path, part) : [];
    return EXTENSIONS.includes(extension) ? [join(path, part.name)] : [];
  });
  return (await Promise.all(files)).flat();
}

async function isFolder(path: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  // A link to nothing counts as a file: reading it says what is wrong.
  return stat(path).then(
    (target) => target.isDirectory(),
    () => false,
  );
}

/** The entries sorted by name; none where there is no such folder. */
async function list(folder: string): Promise<readonly Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    const place = { file: shownPath(folder), line: 0, column: 0 };
    throw new InventoryError({ place, found: code, expected: "a folder that can be read" }, { cause });
  }
}

async function readVarsFile(file: string, env: Env): Promise<Node | undefined> {
  const vars = readDocument(await readText(file), shownPath(file), env);
  if (vars === undefined || vars.value === null) return undefined;
  if (isMapping(vars.value)) return vars;
  throw new InventoryError({
    place: vars.place,
    found: `${describe(vars.value)} at the top`,
    expected: "a mapping of vars",
  });
}
