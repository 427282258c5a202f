import t from "tap";
import { refuses } from "./refused.ts";

refuses(t, [
  {
    name: "a loop of groups",
    text: "a:\n  children:\n    b:\n      children:\n        a:\n",
    message: 'DIR/hosts.yml:3:5: found the group "b" below itself, expected groups without a loop',
  },
  {
    name: "a priority that is no number",
    text: "a:\n  vars:\n    ansible_group_priority: high\n",
    message: 'DIR/hosts.yml:3:29: var ansible_group_priority: found "high", expected a whole number',
  },
]);
