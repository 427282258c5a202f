import t from "tap";
import { refuses } from "./refused.ts";

refuses(t, [
  {
    name: "a mistyped var of Ansible",
    text: "app:\n  hosts:\n    a:\n      ansible_hst: 192.0.2.1\n",
    message:
      'DIR/hosts.yml:4:7: found the unknown var "ansible_hst" of host "a", expected one that Ansible knows; did you mean "ansible_host"?',
  },
  {
    name: "two names that disagree",
    text: "app:\n  hosts:\n    a:\n      user: x\n      ansible_user: y\n",
    message:
      'DIR/hosts.yml:4:13: found "user" and "ansible_user" (DIR/hosts.yml:5:21) with different values for host "a", expected one of them',
  },
  {
    name: "a port out of range",
    text: "app:\n  hosts:\n    a: { port: 70000 }\n",
    message: "DIR/hosts.yml:3:16: var port: found 70000, expected a port, 1 to 65535",
  },
  {
    name: "an address that is a number",
    text: "app:\n  hosts:\n    a: { ansible_host: 10 }\n",
    message: "DIR/hosts.yml:3:24: var ansible_host: found 10, expected text",
  },
  {
    name: "become that is neither",
    text: "app:\n  hosts:\n    a: { ansible_become: root }\n",
    message: 'DIR/hosts.yml:3:26: var ansible_become: found "root", expected true or false',
  },
  {
    name: "an unknown connection",
    text: "app:\n  hosts:\n    a: { ansible_connection: winrm }\n",
    message: 'DIR/hosts.yml:3:30: var ansible_connection: found "winrm", expected "ssh" or "local"',
  },
]);
