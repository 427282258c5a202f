import t from "tap";
import { graphInventory, hostVars, listInventory } from "../../engine/inventory/list.ts";
import { loadInventory } from "../../engine/inventory/load.ts";

// parity.test.ts compares with ansible-inventory itself; this shape holds where that is not installed.
t.test("--list, --graph and --host have the shape of ansible-inventory, with secrets masked", async (t) => {
  const text = "app: { hosts: { a: { z: 1, pw: !env PW } }, children: { web: { hosts: b } }, vars: }\nempty:\n";
  const inventory = await loadInventory([`${t.testdir({ "hosts.yml": text })}/hosts.yml`], { env: { PW: "s3cret" } });
  t.strictSame(JSON.parse(JSON.stringify(listInventory(inventory))), {
    _meta: { hostvars: { a: { z: 1, pw: "********" } } },
    all: { children: ["ungrouped", "app", "empty"] },
    app: { hosts: ["a"], children: ["web"] },
    web: { hosts: ["b"] },
  });
  t.equal(
    graphInventory(inventory),
    "@all:\n  |--@ungrouped:\n  |--@app:\n  |  |--@web:\n  |  |  |--b\n  |  |--a\n  |--@empty:",
  );
  t.strictSame(Object.keys(hostVars(inventory, "a") ?? {}), ["pw", "z"]);
  t.equal(hostVars(inventory, "nobody"), undefined);
});
