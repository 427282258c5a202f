import t from "tap";
import { listInventory } from "../../engine/inventory/list.ts";
import { loadInventory } from "../../engine/inventory/load.ts";
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
