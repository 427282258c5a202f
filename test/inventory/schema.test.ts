import t from "tap";
import { refuses } from "./refused.ts";

refuses(t, [
  {
    name: "a list at the top",
    text: "- app\n- web\n",
    message: 'DIR/hosts.yml:1:1: found a list at the top, expected a mapping of groups, such as "all:"',
  },
  {
    name: "a text at the top",
    text: "'app'\n",
    message: 'DIR/hosts.yml:1:1: found "app" at the top, expected a mapping of groups, such as "all:"',
  },
  {
    name: "a number as a host",
    text: "all:\n  hosts:\n    10:\n",
    message: 'DIR/hosts.yml:3:5: hosts of group "all": found 10 as a host\'s name, expected text: put it in quotes',
  },
  {
    name: "a number as a group",
    text: "all:\n  children:\n    10:\n",
    message:
      'DIR/hosts.yml:3:5: children of group "all": found the number 10 as a name, expected text: put it in quotes',
  },
  {
    name: "an unknown key of a group",
    text: "app:\n  host:\n    a:\n",
    message:
      'DIR/hosts.yml:2:3: group "app": found the unknown key "host", expected one of "hosts", "vars", "children"; did you mean "hosts"?',
  },
  {
    name: "a var directly in a group",
    text: "app:\n  ansible_user: x\n  hosts:\n    a:\n",
    message:
      'DIR/hosts.yml:2:3: group "app": found the unknown key "ansible_user", expected one of "hosts", "vars", "children"',
  },
  {
    name: "hosts as a list",
    text: "app:\n  hosts:\n    - a\n    - b\n",
    message: 'DIR/hosts.yml:3:5: hosts of group "app": found a list, expected a mapping: "web1:", not "- web1"',
  },
  {
    name: "children as a list, deep",
    text: "all:\n  children:\n    app:\n      children: [web]\n",
    message: 'DIR/hosts.yml:4:17: children of group "app": found a list, expected a mapping: "web1:", not "- web1"',
  },
  {
    name: "vars as a text",
    text: "app:\n  vars: x=1\n",
    message: 'DIR/hosts.yml:2:9: vars of group "app": found "x=1", expected a mapping or nothing',
  },
  {
    name: "a host with a text",
    text: "app:\n  hosts:\n    a: 192.0.2.1\n",
    message: 'DIR/hosts.yml:3:8: host "a": found "192.0.2.1", expected a mapping or nothing',
  },
  {
    name: "a group with a number",
    text: "all:\n  children:\n    app: 1\n",
    message: 'DIR/hosts.yml:3:10: group "app": found 1, expected a mapping or nothing',
  },
  {
    name: "two mistakes",
    text: "app:\n  host: a\n  vars: 1\n",
    message:
      'DIR/hosts.yml:2:3: group "app": found the unknown key "host", expected one of "hosts", "vars", "children"; did you mean "hosts"?\nDIR/hosts.yml:3:9: vars of group "app": found 1, expected a mapping or nothing',
  },
  {
    name: "hosts at the top",
    text: "hosts:\n  a:\n",
    message: 'DIR/hosts.yml:1:1: found "hosts" at the top, expected a group around it, such as "all:"',
  },
  {
    name: "an inventory plugin",
    text: "plugin: aws_ec2\nregions: [eu]\n",
    message:
      'DIR/hosts.yml:1:1: found "plugin", expected groups; an inventory plugin of Ansible cannot run here: write a TypeScript inventory',
  },
]);
