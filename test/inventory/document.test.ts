import t from "tap";
import { refuses } from "./refused.ts";

refuses(t, [
  {
    name: "a tab",
    text: "all:\n\thosts:\n",
    message: "DIR/hosts.yml:2:1: found a tab as indentation, expected spaces",
  },
  {
    name: "a broken list",
    text: "all:\n  vars:\n    list: [1, 2\n",
    message:
      "DIR/hosts.yml:4:1: found broken YAML (Flow sequence in block collection must be sufficiently indented and end with a ]), expected YAML",
  },
  {
    name: "two colons in a line",
    text: "all:\n  vars:\n    a: b: c\n",
    message:
      "DIR/hosts.yml:3:8: found broken YAML (Nested mappings are not allowed in compact mappings), expected YAML",
  },
  {
    name: "bad indentation",
    text: "all:\n  hosts:\n    a:\n   vars:\n",
    message: "DIR/hosts.yml:3:7: found broken YAML (All mapping items must start at the same column), expected YAML",
  },
  {
    name: "two documents",
    text: "all:\n  hosts: a\n---\nall:\n",
    message: 'DIR/hosts.yml:3:1: found a second document ("---"), expected one document in a file',
  },
  {
    name: "a duplicate key",
    text: "all:\n  hosts:\n    a:\n    a:\n",
    message: 'DIR/hosts.yml:4:5: found the key "a" a second time (first in line 3), expected each key once',
  },
  {
    name: "a boolean as a key",
    text: "all:\n  hosts:\n    on:\n",
    message: "DIR/hosts.yml:3:5: found the key on, which YAML reads as true, expected text: put it in quotes",
  },
  {
    name: "an alias without anchor",
    text: "all:\n  vars:\n    a: *b\n",
    message: "DIR/hosts.yml:3:8: found an alias (*) without its anchor (&)",
  },
  {
    name: "a merge of a text",
    text: "all:\n  vars:\n    <<: text\n",
    message: 'DIR/hosts.yml:3:9: found "<<" with a plain value, expected a mapping or a list of mappings to merge',
  },
  {
    name: "a value that contains itself",
    text: "all:\n  vars: &v\n    a: *v\n",
    message: "DIR/hosts.yml:3:8: found a value that contains itself",
  },
]);
