import t from "tap";
import { refuses } from "./refused.ts";

refuses(t, [
  {
    name: "a range without end",
    text: "a:\n  hosts:\n    web[1:]:\n",
    message: 'DIR/hosts.yml:3:5: found the host range "web[1:]", expected [begin:end] or [begin:end:step]',
  },
  {
    name: "a range of one",
    text: "a:\n  hosts:\n    web[1]:\n",
    message: 'DIR/hosts.yml:3:5: found the host range "web[1]", expected [begin:end] or [begin:end:step]',
  },
  {
    name: "a range backwards",
    text: "a:\n  hosts:\n    web[9:1]:\n",
    message: 'DIR/hosts.yml:3:5: found the host range "web[9:1]", expected begin before end',
  },
  {
    name: "a range of two lengths",
    text: "a:\n  hosts:\n    web[01:100]:\n",
    message: 'DIR/hosts.yml:3:5: found the host range "web[01:100]", expected begin and end of the same length',
  },
  {
    name: "a range of a letter and a number",
    text: "a:\n  hosts:\n    web[a:9]:\n",
    message: 'DIR/hosts.yml:3:5: found the host range "web[a:9]", expected two numbers or two letters',
  },
  {
    name: "a range with step 0",
    text: "a:\n  hosts:\n    web[1:9:0]:\n",
    message: 'DIR/hosts.yml:3:5: found the host range "web[1:9:0]", expected a step of 1 or more',
  },
  {
    name: "a range that is not closed",
    text: "a:\n  hosts:\n    web[1:9:\n",
    message: 'DIR/hosts.yml:3:5: found the host range "web[1:9", expected each [ to be closed',
  },
  {
    name: "a range without measure",
    text: "a:\n  hosts:\n    web[1:9000000000]:\n",
    message: 'DIR/hosts.yml:3:5: found the host range "web[1:9000000000]", expected at most 10000 hosts',
  },
]);
