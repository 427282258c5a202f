import t from "tap";
import { refusesInputs, type WrongInput } from "../support/wrong-input.ts";

const inventories: readonly WrongInput[] = [
  {
    name: "broken YAML",
    hosts: "web:\n  hosts: [a, b\n",
    message:
      "DIR/hosts.yml:3:1: found broken YAML (Flow sequence in block collection must be sufficiently indented and end with a ]), expected YAML",
  },
  {
    name: "a tab as indentation",
    hosts: "web:\n\thosts:\n",
    message: "DIR/hosts.yml:2:1: found a tab as indentation, expected spaces",
  },
  {
    name: "a key that is given twice",
    hosts: "web:\n  hosts:\n    web-1:\n    web-1:\n",
    message: 'DIR/hosts.yml:4:5: found the key "web-1" a second time (first in line 3), expected each key once',
  },
  {
    name: "two colons in a line",
    hosts: "web:\n  hosts:\n    web-1: host: 127.0.0.1\n",
    message: 'DIR/hosts.yml:3:12: found a second ":" in one line, expected the value in quotes',
  },
  {
    name: "a second document",
    hosts: "web:\n---\nweb:\n",
    message: 'DIR/hosts.yml:2:1: found a second document ("---"), expected one document in a file',
  },
  {
    name: "an alias without its anchor",
    hosts: "web:\n  vars: *common\n",
    message: "DIR/hosts.yml:2:9: found an alias (*) without its anchor (&), expected the anchor before it",
  },
  { name: "an empty file", hosts: "", message: 'DIR/hosts.yml: found an empty file, expected groups, such as "all:"' },
  {
    name: "a list at the top",
    hosts: "- web-1\n",
    message: 'DIR/hosts.yml:1:1: found a list at the top, expected a mapping of groups, such as "all:"',
  },
  {
    name: "hosts that are a list",
    hosts: "web:\n  hosts:\n    - web-1\n",
    message: 'DIR/hosts.yml:3:5: hosts of group "web": found a list, expected a mapping: "web1:", not "- web1"',
  },
  {
    name: "a mistyped key of a group",
    hosts: "web:\n  host:\n    web-1:\n",
    message:
      'DIR/hosts.yml:2:3: group "web": found the unknown key "host", expected one of "hosts", "vars", "children"; did you mean "hosts"?',
  },
  {
    name: "a range that runs backwards",
    hosts: "web:\n  hosts:\n    web-[9:1]:\n",
    message: 'DIR/hosts.yml:3:5: found the host range "web-[9:1]", expected begin before end',
  },
  {
    name: "a group that contains itself",
    hosts: "web:\n  children: { eu: }\neu:\n  children: { web: }\n",
    message: 'DIR/hosts.yml:4:15: found the group "web" below itself, expected groups without a loop',
  },
  {
    name: "an INI inventory",
    hosts: "[web]\nweb-1\n",
    message:
      "DIR/hosts.yml: found an INI inventory, expected YAML; `ansible-inventory -i FILE --list --yaml` converts it",
  },
  {
    name: "an inventory that is not there",
    args: ["-i", "DIR/prod.yml"],
    message: "DIR/prod.yml: found no such file, expected a file",
  },
  {
    name: "a folder as inventory",
    args: ["-i", "DIR"],
    message: "DIR: found a folder, expected a file, such as DIR/hosts.yml",
  },
  {
    name: "an inventory that cannot be read",
    args: ["-i", "/proc/self/mem"],
    message: "/proc/self/mem: found EIO, expected a file",
  },
  {
    name: "a TypeScript inventory that fails",
    files: { "hosts.mts": 'throw new Error("no credentials");\n' },
    args: ["-i", "DIR/hosts.mts"],
    message: "DIR/hosts.mts: found a module that fails (no credentials), expected groups",
  },
  {
    name: "group_vars with a list at the top",
    files: { group_vars: { "web.yml": "- site_port\n" } },
    message: "DIR/group_vars/web.yml:1:1: found a list at the top, expected a mapping of vars",
  },
  {
    name: "broken YAML in host_vars",
    files: { host_vars: { "web-1.yml": 'words: "a\n' } },
    message: "DIR/host_vars/web-1.yml:1:8: found a quote that is not closed, expected its end, and nothing behind it",
  },
  {
    name: "an unknown tag",
    hosts: "web:\n  vars:\n    password: !evn PASSWORD\n",
    message:
      'DIR/hosts.yml:3:20: found the unknown tag !evn, expected !env, !file, !age, !unsafe or none; did you mean "!env"?',
  },
  {
    name: "a vault",
    hosts: "web:\n  vars:\n    password: !vault x\n",
    message:
      "DIR/hosts.yml:3:22: found !vault, which only Ansible can decrypt, expected !age: `ansible-vault decrypt`, then `secret.mts encrypt`",
  },
];

await refusesInputs(t, [...inventories]);
