import t from "tap";
import { refuses } from "./refused.ts";

refuses(t, [
  {
    name: "an unknown tag",
    text: "a:\n  vars:\n    password: !enV NAME\n",
    message:
      'DIR/hosts.yml:3:20: found the unknown tag !enV, expected !env, !file, !age, !unsafe or none; did you mean "!env"?',
  },
  {
    name: "an unknown tag of a list",
    text: "a:\n  vars:\n    list: !set [1]\n",
    message: "DIR/hosts.yml:3:16: found the unknown tag !set, expected !env, !file, !age, !unsafe or none",
  },
  {
    name: "a tag of YAML that means nothing here",
    text: "a:\n  vars:\n    data: !!binary aGk=\n",
    message: "DIR/hosts.yml:3:20: found the unknown tag !!binary, expected !env, !file, !age, !unsafe or none",
  },
  {
    name: "a tag that does not fit",
    text: "a:\n  vars:\n    n: !!int twelve\n",
    message: 'DIR/hosts.yml:3:14: found "twelve", expected what its tag !!int says',
  },
  {
    name: "!env without a name",
    text: "a:\n  vars:\n    password: !env\n",
    message: 'DIR/hosts.yml:3:19: found !env "", expected the name of an environment variable',
  },
  {
    name: "!file without a path",
    text: "a:\n  vars:\n    password: !file\n",
    message: "DIR/hosts.yml:3:20: found !file without a path, expected the path of a file beside this one",
  },
  {
    name: "!age",
    text: "a:\n  vars:\n    password: !age |\n      YWdl\n",
    message: "DIR/hosts.yml:3:20: found an !age block, which is not supported yet, expected !env NAME or !file PATH",
  },
  {
    name: "!vault",
    text: "a:\n  vars:\n    password: !vault |\n      $ANSIBLE_VAULT;1.1;AES256\n",
    message:
      "DIR/hosts.yml:3:22: found !vault, which only Ansible can decrypt; convert it: `ansible-vault decrypt`, then !env NAME or !file PATH",
  },
  {
    name: "a number that is too long",
    text: "a:\n  vars:\n    id: 12345678901234567890\n",
    message:
      "DIR/hosts.yml:3:9: found the number 12345678901234567890, which is too long to keep its digits, expected it in quotes",
  },
]);
