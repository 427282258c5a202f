import { Ajv, type ValidateFunction } from "ajv";
import type { Node } from "./document.ts";
import { InventoryError, isMapping, type Place } from "./inventory.ts";
import { describe, explainErrors, formatPath, hideSecrets } from "./problem.ts";

/** JSON Schema of an inventory file's structure. Vars are free here: roles check theirs. */
export const inventorySchema = {
  $id: "hostwright-inventory",
  type: "object",
  additionalProperties: { $ref: "#/definitions/group" },
  definitions: {
    group: {
      type: ["object", "null"],
      additionalProperties: false,
      properties: {
        hosts: { type: ["object", "string", "null"], additionalProperties: { type: ["object", "null"] } },
        vars: { type: ["object", "null"] },
        children: { type: ["object", "string", "null"], additionalProperties: { $ref: "#/definitions/group" } },
      },
    },
  },
} as const;

/** Compiled once, whatever the number of files. */
const compiled: { validator?: ValidateFunction } = {};

function validator(): ValidateFunction {
  // That this schema is one is said by a test: to compile the schema of schemas takes longer than all else here.
  const unchecked = { meta: false, validateSchema: false, code: { optimize: false } };
  compiled.validator ??= new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true, ...unchecked }).compile(
    inventorySchema,
  );
  return compiled.validator;
}

/** Throws InventoryError, one line a problem, unless the tree is an inventory. */
export function checkStructure(root: Node): void {
  if (!isMapping(root.value)) {
    throw new InventoryError({
      place: root.place,
      found: `${describe(root.value)} at the top`,
      expected: 'a mapping of groups, such as "all:"',
    });
  }
  checkTop(root);
  checkNames(root, []);
  const validate = validator();
  if (validate(hideSecrets(root.value))) return;
  const locate = (path: readonly string[], part: "key" | "value") => locateIn(root, path, part);
  throw new InventoryError(explainErrors(validate.errors ?? [], { data: root.value, locate, subject }));
}

/** Where the value or key at this path of a tree stands; undefined where there is none. */
export function locateIn(root: Node, path: readonly (string | number)[], part: "key" | "value"): Place | undefined {
  let node = root;
  let place: Place = root.place;
  for (const [index, step] of path.entries()) {
    const entry = node.parts.get(String(step));
    if (entry === undefined) return undefined;
    node = entry.node;
    place = part === "key" && index === path.length - 1 ? entry.keyPlace : node.place;
  }
  return place;
}

function checkTop(root: Node): void {
  if (root.parts.has("plugin")) {
    const advice = "an inventory plugin of Ansible cannot run here: write a TypeScript inventory";
    throw new InventoryError({
      place: locateIn(root, ["plugin"], "key"),
      found: '"plugin"',
      expected: "groups",
      hint: advice,
    });
  }
  for (const key of ["hosts", "children", "vars"]) {
    const entry = root.parts.get(key);
    if (entry)
      throw new InventoryError({
        place: entry.keyPlace,
        found: `"${key}" at the top`,
        expected: 'a group around it, such as "all:"',
      });
  }
}

// ajv sees only texts as keys; YAML knows better, and `10:` as a host would lose what `010:` means.
function checkNames(node: Node, path: readonly string[]): void {
  for (const [name, entry] of node.parts) {
    if (!entry.keyIsText || name === "") {
      const found = name === "" ? "an empty name" : `the number ${name} as a name`;
      throw new InventoryError({
        message: subject(path),
        place: entry.keyPlace,
        found,
        expected: "text: put it in quotes",
      });
    }
    for (const section of ["children", "hosts"]) {
      const named = entry.node.parts.get(section)?.node;
      if (named) checkSection(named, [...path, name, section]);
    }
  }
}

function checkSection(node: Node, path: readonly string[]): void {
  if (Array.isArray(node.value)) {
    throw new InventoryError({
      message: subject(path),
      place: node.place,
      found: "a list",
      expected: 'a mapping: "web1:", not "- web1"',
    });
  }
  if (path.at(-1) === "children") checkNames(node, path);
  else checkHostNames(node, path);
}

function checkHostNames(hosts: Node, path: readonly string[]): void {
  for (const [name, { keyIsText, keyPlace }] of hosts.parts) {
    if (keyIsText && name !== "") continue;
    throw new InventoryError({
      message: subject(path),
      place: keyPlace,
      found: `${name || "an empty text"} as a host's name`,
      expected: "text: put it in quotes",
    });
  }
}

// all.children.app.hosts → `hosts of group "app"`: people think in groups, not in paths.
function subject(path: readonly string[]): string {
  const [group, section, name, ...rest] = path;
  if (group === undefined) return "inventory";
  if (section === undefined) return `group "${group}"`;
  if (section === "children" && name !== undefined) return subject([name, ...rest]);
  if (section === "hosts" && name !== undefined)
    return `host "${name}"${rest.length > 0 ? ` ${formatPath(rest)}` : ""}`;
  return `${section} of group "${group}"`;
}
