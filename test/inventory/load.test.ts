import t from "tap";
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
      "DIR/group_vars/a.yml:1:1: found a vault, which only Ansible can decrypt; convert it: `ansible-vault decrypt`, then !env NAME or !file PATH for each secret",
  },
]);
