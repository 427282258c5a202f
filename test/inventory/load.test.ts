import { symlinkSync } from "node:fs";
import t from "tap";
import { loadInventory } from "../../engine/inventory/load.ts";
import { unreadableSecrets } from "../../engine/inventory/problem.ts";
import { refuses } from "./refused.ts";

refuses(t, [
  { name: "a missing file", inventory: "nowhere.yml", message: "DIR/nowhere.yml: found no such file, expected a file" },
  {
    name: "a folder",
    inventory: "inventories",
    files: { inventories: { "prod.yml": "" } },
    message: "DIR/inventories: found a folder, expected a file, such as DIR/inventories/prod.yml",
  },
  { name: "an empty file", text: "", message: 'DIR/hosts.yml: found an empty file, expected groups, such as "all:"' },
  {
    name: "a file of comments",
    text: "# nothing\n---\n",
    message: 'DIR/hosts.yml: found an empty file, expected groups, such as "all:"',
  },
  {
    name: "an INI inventory",
    text: "# hosts\n[web]\nweb1 ansible_host=192.0.2.1\n",
    message:
      "DIR/hosts.yml: found an INI inventory, expected YAML; `ansible-inventory -i FILE --list --yaml` converts it",
  },
  {
    name: "a list in group_vars",
    text: "a:\n",
    files: { group_vars: { "a.yml": "- x: 1\n" } },
    message: "DIR/group_vars/a.yml:1:1: found a list at the top, expected a mapping of vars",
  },
  {
    name: "a duplicate key in host_vars",
    text: "a: { hosts: h }\n",
    files: { host_vars: { h: "x: 1\nx: 2\n" } },
    message: 'DIR/host_vars/h:2:1: found the key "x" a second time (first in line 1), expected each key once',
  },
  {
    name: "a vault as a file",
    text: "a:\n",
    files: { group_vars: { "a.yml": "$ANSIBLE_VAULT;1.1;AES256\n6162\n" } },
    message:
      "DIR/group_vars/a.yml:1:1: found a vault, which only Ansible can decrypt, expected YAML: `ansible-vault decrypt`, then `secret.mts encrypt` for each secret",
  },
]);

const everyLevel = {
  "hosts.yml":
    "all: { vars: { v: 1 }, children: { dev: { vars: { v: 2 }, children: { app: { vars: { v: 3 }, hosts: { h: { v: 7 } } } } } } }\n",
  group_vars: { "all.yml": "v: 4\n", "dev.yml": "v: 5\n", app: { "a.yml": "v: 6\n" } },
  host_vars: { "h.yml": "\nv: 8\n" },
};

t.test("a host knows every source of a var in the order of precedence", async (t) => {
  const dir = t.testdir(everyLevel);
  const { hosts } = await loadInventory([`${dir}/hosts.yml`], { env: {} });
  const host = hosts.get("h");
  t.strictSame(
    host?.sources("v").map(({ value, level }) => `${value} ${level}`),
    [
      "1 group all",
      "2 group dev",
      "3 group app",
      "4 group_vars/all",
      "5 group_vars/dev",
      "6 group_vars/app",
      "7 host",
      "8 host_vars/h",
    ],
  );
  t.equal(host?.vars.v, 8);
  t.match(host?.place(["v"]), { file: /host_vars\/h\.yml$/, line: 2, column: 4 });
  t.match(host?.place(["v"], "key"), { line: 2, column: 1 });
  t.strictSame(host?.sources("w"), []);
  t.equal(host?.place(["v", "w"]), undefined);
  t.strictSame(host?.groups, ["app", "dev"]);
});

t.test("a mapping is replaced whole, and the place of its parts is in the file that won", async (t) => {
  const dir = t.testdir({
    "hosts.yml": "all: { hosts: { h: { m: { a: 1, b: 2 } } } }\n",
    host_vars: { h: "m:\n  b: 3\n  list:\n    - 4\n" },
  });
  const host = (await loadInventory([`${dir}/hosts.yml`], { env: {} })).hosts.get("h");
  t.strictSame(host?.vars.m, { b: 3, list: [4] });
  t.match(host?.place(["m", "list", 0]), { file: /host_vars\/h$/, line: 4, column: 7 });
  t.equal(host?.place(["m", "a"]), undefined);
});

t.test("a missing secret concerns only the host that has it", async (t) => {
  const text =
    "app: { hosts: { a: { x: 1 } } }\nmon: { hosts: { m: { list: [{ password: !env GRAFANA_PASSWORD }] } } }\n";
  const dir = t.testdir({ "hosts.yml": text });
  const { hosts, files } = await loadInventory([`${dir}/hosts.yml`], { env: {} });
  t.strictSame(unreadableSecrets(hosts.get("a")?.vars ?? {}), []);
  const place = { file: files[0], line: 2, column: 46 };
  const found = "no environment variable GRAFANA_PASSWORD";
  const wrong = { place, found, expected: "the secret in it", hint: "export GRAFANA_PASSWORD=…" };
  t.strictSame(unreadableSecrets(hosts.get("m")?.vars ?? {}), [wrong]);
});

t.test("what Ansible overlooks in silence is a warning", async (t) => {
  const dir = t.testdir({
    "hosts.yml": "app: { hosts: app }\n",
    group_vars: { app: { x: "a: 1\n" }, "app.yml": "a: 2\n" },
  });
  const { warnings, files } = await loadInventory([`${dir}/hosts.yml`], { env: {} });
  const folder = files[0]?.replace("hosts.yml", "group_vars");
  t.strictSame(warnings, [
    `${folder}/app.yml is not read: app comes before it`,
    'found both a group and a host named "app"',
  ]);
});

t.test("no inventory at all is refused", async (t) => {
  await t.rejects(loadInventory([], { env: {} }), {
    message: "found no inventory, expected at least one file (-i FILE)",
  });
});

t.test("a link to a folder of vars is followed, a link to nothing is refused", async (t) => {
  const dir = t.testdir({
    "hosts.yml": "app: { hosts: h }\n",
    shared: { "a.yml": "a: 1\n" },
    group_vars: { app: t.fixture("symlink", "../shared") },
    host_vars: {},
  });
  const load = async () => (await loadInventory([`${dir}/hosts.yml`], { env: {} })).hosts.get("h")?.vars;
  t.strictSame(await load(), { a: 1 });
  symlinkSync("nowhere", `${dir}/host_vars/h.yml`);
  await t.rejects(load(), { message: /host_vars\/h\.yml: found no such file, expected a file$/ });
});
