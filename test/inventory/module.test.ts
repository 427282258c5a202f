import t from "tap";
import { listInventory } from "../../engine/inventory/list.ts";
import { loadInventory } from "../../engine/inventory/load.ts";
import { readModule } from "../../engine/inventory/module.ts";
import { runProgram } from "../support/program.ts";
import { refuses } from "./refused.ts";

refuses(t, [
  {
    name: "a module without export",
    inventory: "prod.mts",
    files: { "prod.mts": "export const a = 1;\n" },
    message: "DIR/prod.mts: found no default export, expected groups, or an async function that returns them",
  },
  {
    name: "a module that fails",
    inventory: "prod.mts",
    files: { "prod.mts": "export default () => { throw new Error('no credentials'); };\n" },
    message: "DIR/prod.mts: found a module that fails (no credentials), expected groups",
  },
  {
    name: "a module that throws what is no error",
    inventory: "prod.mts",
    files: { "prod.mts": "export default () => { throw { code: 1 }; };\n" },
    message: "DIR/prod.mts: found a module that fails (it throws a mapping), expected groups",
  },
  {
    name: "a module whose function returns nothing",
    inventory: "prod.mts",
    files: { "prod.mts": "export default async () => {};\n" },
    message:
      "DIR/prod.mts: found a function that returns nothing, expected groups, or an async function that returns them",
  },
  {
    name: "a module with the wrong shape",
    inventory: "prod.mts",
    files: { "prod.mts": "export default { app: { host: {} } };\n" },
    message:
      'DIR/prod.mts: group "app": found the unknown key "host", expected one of "hosts", "vars", "children"; did you mean "hosts"?',
  },
  {
    name: "a module with more than data",
    inventory: "prod.mts",
    files: { "prod.mts": "export default { app: { vars: { d: new Date(0) } } };\n" },
    message: "DIR/prod.mts: found a Date at app.vars.d, expected plain data",
  },
]);

const sources = {
  "an object": "export default { app: { hosts: { 'app-[1:2]': { n: 1 } }, vars: { v: 'module' } } };\n",
  "an async function":
    "export default async () => ({ app: { hosts: { 'app-[1:2]': { n: 1, gone: undefined } }, vars: { v: 'module' } } });\n",
};

for (const [name, text] of Object.entries(sources)) {
  t.test(`a module that exports ${name} is an inventory, with the vars beside it`, async (t) => {
    const dir = t.testdir({ "prod.mts": text, group_vars: { "app.yml": "from: group_vars\n" } });
    const inventory = await loadInventory([`${dir}/prod.mts`], { env: {} });
    const vars = { from: "group_vars", n: 1, v: "module" };
    t.strictSame(listInventory(inventory), {
      _meta: { hostvars: { "app-1": vars, "app-2": vars } },
      all: { children: ["ungrouped", "app"] },
      app: { hosts: ["app-1", "app-2"] },
    });
    t.match(inventory.hosts.get("app-1")?.place(["n"]), { line: 0 });
  });
}

const endings = {
  "waits for a promise that nobody resolves": ["export default () => new Promise(() => {});\n", "waits for nothing"],
  "waits so at its top level": ["await new Promise(() => {});\nexport default {};\n", "waits for nothing"],
  "ends the program": ["process.exit(0);\nexport default {};\n", "ends the program"],
  "ends the program later": [
    "export default () => new Promise(() => setTimeout(() => process.exit(), 10));\n",
    "ends the program",
  ],
} as const;

for (const [name, [text, found]] of Object.entries(endings)) {
  t.test(`a module that ${name} is one message with its name, and exit 1`, { timeout: 110_000 }, async (t) => {
    const file = `${t.testdir({ "prod.mts": text })}/prod.mts`;
    const ended = await runProgram("inventory", ["--list", "-i", file]);
    t.match(ended.stderr, new RegExp(`^\\S+/prod.mts: found a module that ${found}, expected groups: .*\n$`));
    t.equal(ended.code, 1);
    t.equal(ended.stdout, "");
  });
}

t.test("a module that waits for what is alive has a limit of time", async (t) => {
  const dir = t.testdir({
    "prod.mts": "export default () => new Promise((resolve) => setTimeout(resolve, 5000, {}).unref());\n",
  });
  const alive = setInterval(() => {}, 1000);
  t.teardown(() => clearInterval(alive));
  await t.rejects(readModule(`${dir}/prod.mts`, { file: "prod.mts", line: 0, column: 0 }, 20), {
    message: "prod.mts: found no answer after 0.02 s, expected groups: look for a promise that nobody resolves",
  });
});
