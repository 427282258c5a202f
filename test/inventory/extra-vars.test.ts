import t from "tap";
import { refuses } from "./refused.ts";

refuses(t, [
  {
    name: "-e without =",
    text: "a: { hosts: h }\n",
    extra: ["version"],
    message: '-e:1:1: found "version", expected key=value',
  },
  {
    name: "-e with a path",
    text: "a: { hosts: h }\n",
    extra: ["a=1", "./vars.yml"],
    message: "-e[2]: found the path ./vars.yml, expected @ before it",
  },
  {
    name: "-e with an open quote",
    text: "a: { hosts: h }\n",
    extra: ["a='b c"],
    message: '-e: found a quote without its end in "a=\'b c", expected it closed',
  },
  {
    name: "-e with a missing file",
    text: "a: { hosts: h }\n",
    extra: ["@nowhere.yml"],
    message: "-e: found no such file (nowhere.yml), expected a file of vars after @",
  },
  {
    name: "-e with a list",
    text: "a: { hosts: h }\n",
    extra: ["[1]"],
    message: "-e:1:1: found a list, expected a mapping of vars",
  },
  {
    name: "-e with broken JSON",
    text: "a: { hosts: h }\n",
    extra: ['{"a": "b'],
    message: '-e:1:9: found broken YAML (Missing closing "quote), expected YAML',
  },
]);
