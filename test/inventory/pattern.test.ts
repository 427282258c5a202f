import t from "tap";
import { loadInventory } from "../../engine/inventory/load.ts";
import { selectHosts } from "../../engine/inventory/pattern.ts";
import { refuses } from "./refused.ts";

refuses(t, [
  {
    name: "a pattern that names nothing",
    text: "app: { hosts: app-1 }\n",
    pattern: "ap-1",
    message: 'found "ap-1", expected a host or group of DIR/hosts.yml; did you mean "app-1"?',
  },
  {
    name: "an excluded name that is nothing",
    text: "app: { hosts: app-1 }\n",
    pattern: "app:!appp",
    message: 'found "appp", expected a host or group of DIR/hosts.yml; did you mean "app"?',
  },
  {
    name: "an empty pattern",
    text: "app: { hosts: app-1 }\n",
    pattern: " ",
    message: 'found the empty pattern " ", expected hosts or groups',
  },
  {
    name: "an index too high",
    text: "app: { hosts: app-1 }\n",
    pattern: "app[1]",
    message: 'found the pattern "app[1]", expected an index within the 1 host of "app"',
  },
  {
    name: "a broken regular expression",
    text: "app: { hosts: app-1 }\n",
    pattern: "~app(",
    message: 'found the pattern "~app(", expected a regular expression after ~',
  },
]);

// parity.test.ts compares further patterns with Ansible itself.
const patterns: readonly (readonly [string, readonly string[]])[] = [
  ["all", ["app-1", "app-2", "app-3", "db-1", "mon"]],
  ["app:&dev:!app-3", ["app-1", "app-2"]],
  ["mon,app-1", ["mon", "app-1"]],
  ["!app", ["db-1", "mon"]],
  ["*-1", ["app-1", "db-1"]],
  ["~(db|mon)", ["db-1", "mon"]],
  ["app[0]", ["app-1"]],
  ["app[-1]", ["app-3"]],
  ["app[1:]", ["app-2", "app-3"]],
  ["app-[!1]*", ["app-2", "app-3"]],
  ["ungrouped", ["mon"]],
  ["nothing*", []],
];

t.test("selectHosts selects what the pattern says", async (t) => {
  const text = `dev: { children: { app: , db: } }\napp: { hosts: { "app-[1:3]": } }\ndb: { hosts: db-1 }\nall: { hosts: mon }\n`;
  const dir = t.testdir({ "hosts.yml": text });
  const inventory = await loadInventory([`${dir}/hosts.yml`], { env: {} });
  // "all" visits ungrouped hosts first, as Ansible does.
  for (const [pattern, hosts] of patterns)
    t.strictSame([...selectHosts(inventory, pattern)].sort(), [...hosts].sort(), pattern);
  t.strictSame(selectHosts(inventory, "all"), ["mon", "app-1", "app-2", "app-3", "db-1"]);
  t.strictSame(selectHosts(inventory, "db,app"), ["db-1", "app-1", "app-2", "app-3"]);
});
