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

const schemas = new Map([
  ["flag", [{ type: "boolean" }]],
  ["port", [{ type: "integer", minimum: 1 }]],
  ["ratio", [{ type: "number" }]],
  ["words", [{ type: "array", items: { type: "string" } }]],
  ["limits", [{ type: "object" }]],
  ["name", [{ type: "string" }]],
  ["level", [{ enum: ["on", "off"] }]],
  ["either", [{ anyOf: [{ type: "boolean" }, { type: "string" }] }]],
  ["shared", [{ type: "string" }, { type: "integer" }]],
]);

const typed: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ["flag=false", { flag: false }],
  ["flag=no", { flag: false }],
  ["flag=Yes", { flag: true }],
  ["flag='on'", { flag: true }],
  ["flag=maybe", { flag: "maybe" }],
  ["flag=1", { flag: "1" }],
  ["port=8081", { port: 8081 }],
  ["port=0", { port: 0 }],
  ["port=http", { port: "http" }],
  ["port=1.5", { port: "1.5" }],
  ["port=", { port: "" }],
  ["ratio=2 flag=true", { ratio: 2, flag: true }],
  ["ratio=2.5", { ratio: 2.5 }],
  ["words=[one,two]", { words: ["one", "two"] }],
  ['words=["one two", "b"] flag=no', { words: ["one two", "b"], flag: false }],
  ["words='[one, two]'", { words: ["one", "two"] }],
  ["words=one", { words: "one" }],
  ["words=[one", { words: "[one" }],
  ["limits={a: 1}", { limits: { a: 1 } }],
  ["name=no", { name: "no" }],
  ["name=8081", { name: "8081" }],
  ["name=[one,two]", { name: "[one,two]" }],
  ["level=on", { level: "on" }],
  ["either=no", { either: false }],
  ["either=text", { either: "text" }],
  ["shared=80", { shared: 80 }],
  ["unknown=no", { unknown: "no" }],
  ["{flag: 'no'}", { flag: "no" }],
];

for (const [arg, vars] of typed) {
  t.test(`-e ${arg} gives ${JSON.stringify(vars)} to vars of those types`, async (t) => {
    t.strictSame(
      parseExtraVars([arg], {}, schemas).map(({ value }) => value),
      [vars],
    );
  });
}

t.test("-e keeps the place of each entry of a list", async (t) => {
  const [vars] = parseExtraVars(["flag=no words=[one,2]"], {}, schemas);
  const words = vars?.parts.get("words")?.node;
  t.match(words?.place, { line: 1, column: 9 });
  t.match(words?.parts.get("1")?.node.place, { line: 1, column: 20 });
});
