import t from "tap";
import { parseExtraVars } from "../../engine/inventory/extra-vars.ts";
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

const args: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ["a=1 b=yes", { a: "1", b: "yes" }],
  [`two="a b" single='c d'`, { two: "a b", single: "c d" }],
  ["url=http://x/?a=b", { url: "http://x/?a=b" }],
  ["empty=", { empty: "" }],
  ['{"n": 1, "list": [true, null]}', { n: 1, list: [true, null] }],
  ["{n: 010}", { n: 8 }],
];

for (const [arg, vars] of args) {
  t.test(`-e ${arg} gives ${JSON.stringify(vars)}`, async (t) => {
    t.strictSame(
      parseExtraVars([arg], {}).map(({ value }) => value),
      [vars],
    );
  });
}

t.test("-e @file reads a file of vars, with its places", async (t) => {
  const dir = t.testdir({ "vars.yml": "a: 1\nb: yes\n" });
  const [vars] = parseExtraVars([`@${dir}/vars.yml`], {});
  t.strictSame(vars?.value, { a: 1, b: true });
  t.match(vars?.parts.get("b")?.keyPlace, { line: 2, column: 1 });
});
