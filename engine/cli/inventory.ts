import { type Host, type Inventory, InventoryError } from "../inventory/inventory.ts";
import { graphInventory, hostVars, listInventory } from "../inventory/list.ts";
import { hintFor } from "../inventory/suggest.ts";
import type { Playbook } from "../role/playbook.ts";
import { type Assignment, assignments, readIn } from "../run/assignment.ts";
import { parseArguments } from "./arguments.ts";
import { explainVar } from "./explain.ts";
import { UsageError } from "./options.ts";
import { loadFor, runProgram, say, stderr } from "./program.ts";

const HELP = `usage: npx zx playbooks/inventory.mts [options] ACTION

  --list               groups and the vars of all hosts, as ansible-inventory prints them
  --host HOST          the vars of one host
  --graph [GROUP]      the tree of groups and hosts
  explain HOST VAR     every source of a var, lowest precedence first, and which one wins

  -i, --inventory FILE      inventory, may be repeated (default: HOSTWRIGHT_INVENTORY, else package.json)
  -e, --extra-vars VARS     k=v, JSON or @file; wins over every inventory
  -h, --help

Secrets are not read and print as ********. No host is contacted.`;

const FLAGS = {
  list: { type: "boolean" },
  host: { type: "string" },
  graph: { type: "boolean" },
  inventory: { type: "string", short: "i", multiple: true },
  "extra-vars": { type: "string", short: "e", multiple: true },
  help: { type: "boolean", short: "h" },
} as const;

/** Runs the program that shows inventories when its file (`import.meta.url`) was started; `explain` knows this playbook's roles. */
export async function runInventory(playbook: Playbook, url: string): Promise<void> {
  const warn = (text: string) => stderr().write(`warning: ${text}\n`);
  await runProgram(url, async (args, name) => say(await inventoryCommand(playbook, args, warn, name)));
}

type Action = (inventory: Inventory, playbook: Playbook) => string | Promise<string>;

/** Returns what a command line of `inventory.mts` prints. Throws `UsageError` and `InventoryError`. */
export async function inventoryCommand(
  playbook: Playbook,
  args: readonly string[],
  warn: (text: string) => void,
  program?: string,
): Promise<string> {
  const { values, positionals } = parseArguments(args, FLAGS);
  if (values.help) return HELP;
  const action = actionOf(values, positionals);
  const options = { inventory: values.inventory ?? [], extraVars: values["extra-vars"] ?? [], program };
  const { schemas } = await readIn(playbook);
  const inventory = await loadFor(options, schemas);
  inventory.warnings.forEach(warn);
  return action(inventory, playbook);
}

function actionOf(
  { list, host, graph }: { readonly list?: boolean; readonly host?: string; readonly graph?: boolean },
  positionals: readonly string[],
): Action {
  const [word, ...rest] = positionals;
  const explains = word === "explain" && !graph;
  const chosen = [list && "--list", host !== undefined && "--host", graph && "--graph", explains && "explain"];
  const count = chosen.filter(Boolean).length;
  const expected = "one of --list, --host HOST, --graph [GROUP], explain HOST VAR";
  if (count === 0 && word !== undefined)
    throw new UsageError({ found: `the unknown word "${word}"`, expected, hint: hintFor(word, ["explain"]) });
  if (count !== 1)
    throw new UsageError({ found: count === 0 ? "no action" : chosen.filter(Boolean).join(" and "), expected });
  if (explains) return explaining(rest);
  const allowed = graph ? 1 : 0;
  if (positionals.length > allowed)
    throw new UsageError({ found: `the extra word "${positionals[allowed]}"`, expected });
  if (list) return (inventory) => ansibleJson(listInventory(inventory));
  if (graph) return (inventory) => graphInventory(inventory, knownGroup(inventory, word ?? "all"));
  return (inventory) => ansibleJson(hostVars(inventory, knownHost(inventory, host ?? "").name));
}

function explaining(words: readonly string[]): Action {
  const [name, variable] = words;
  if (name === undefined || variable === undefined || words.length !== 2)
    throw new UsageError({ message: "explain", found: `${words.length} words`, expected: "HOST VAR" });
  return async (inventory, playbook) => {
    const host = knownHost(inventory, name);
    return explainVar(host, variable, await playsFor(playbook, inventory));
  };
}

// An inventory without the groups that the playbook names has hosts all the same.
async function playsFor(playbook: Playbook, inventory: Inventory): Promise<readonly Assignment[]> {
  try {
    return await assignments(playbook, inventory, undefined);
  } catch (error) {
    if (error instanceof InventoryError) return [];
    throw error;
  }
}

function knownHost({ hosts, files }: Inventory, name: string): Host {
  const host = hosts.get(name);
  if (host !== undefined) return host;
  throw new UsageError({
    message: `found no host "${name}" in ${files.join(", ")}`,
    hint: hintFor(name, hosts.keys()),
  });
}

function knownGroup({ groups, files }: Inventory, name: string): string {
  if (groups.has(name)) return name;
  throw new UsageError({
    message: `found no group "${name}" in ${files.join(", ")}`,
    hint: hintFor(name, groups.keys()),
  });
}

/** JSON with sorted keys and an indent of four, as Ansible prints it. */
function ansibleJson(value: unknown): string {
  return JSON.stringify(sorted(JSON.parse(JSON.stringify(value))), null, 4);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, part]) => [key, sorted(part)]));
}
