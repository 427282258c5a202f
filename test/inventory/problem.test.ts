import { Ajv } from "ajv";
import t from "tap";
import { readDocument } from "../../engine/inventory/document.ts";
import { formatProblem } from "../../engine/inventory/inventory.ts";
import { describe, explainErrors, hideSecrets } from "../../engine/inventory/problem.ts";
import { inventorySchema, locateIn } from "../../engine/inventory/schema.ts";

const schema = {
  type: "object",
  additionalProperties: false,
  required: ["name"],
  properties: {
    name: { type: "string", minLength: 2 },
    port: { type: "integer", minimum: 1, maximum: 65535 },
    level: { enum: ["debug", "info"] },
    sha: { type: "string", pattern: "^[0-9a-f]+$", description: "a hash" },
    ports: { type: "array", items: { type: "integer" }, uniqueItems: true },
    either: { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] },
    grafana: {
      type: "object",
      additionalProperties: false,
      required: ["password"],
      properties: { password: { type: "string", minLength: 40 }, "a/b~c": { type: "boolean" } },
    },
  },
};

t.test("the schema of inventories is one", async (t) => {
  t.ok(new Ajv({ allowUnionTypes: true }).validateSchema(inventorySchema));
});

const cases = [
  { text: "name: x1\nport: 80\n", lines: [] },
  { text: "name: 5\n", lines: ["v.yml:1:7: var name: found 5, expected text"] },
  { text: "name: ''\n", lines: ['v.yml:1:7: var name: found "", expected at least 2 characters'] },
  { text: "port: 80\n", lines: ["v.yml:1:1: var name: found nothing, expected it to be set (text)"] },
  {
    text: "nmae: x1\n",
    lines: [
      'v.yml:1:1: vars: found the unknown key "nmae", expected one of "name", "port", "level", "sha", "ports", "either", "grafana"; did you mean "name"?',
    ],
  },
  { text: "name: x1\nport: abc\n", lines: ['v.yml:2:7: var port: found "abc", expected a whole number'] },
  { text: "name: x1\nport: 0\n", lines: ["v.yml:2:7: var port: found 0, expected 1 or more"] },
  { text: "name: x1\nport: 70000\n", lines: ["v.yml:2:7: var port: found 70000, expected 65535 or less"] },
  {
    text: "name: x1\nlevel: inof\n",
    lines: ['v.yml:2:8: var level: found "inof", expected one of "debug", "info"; did you mean "info"?'],
  },
  {
    text: "name: x1\nsha: xyz\n",
    lines: ['v.yml:2:6: var sha: found "xyz", expected text that matches /^[0-9a-f]+$/ (a hash)'],
  },
  {
    text: "name: x1\nports:\n  - 80\n  - http\n",
    lines: ['v.yml:4:5: var ports[1]: found "http", expected a whole number'],
  },
  { text: "name: x1\nports: [80, 80]\n", lines: ["v.yml:2:8: var ports: found a list, expected each value once"] },
  { text: "name: x1\neither: 1\n", lines: ["v.yml:2:9: var either: found 1, expected text or a list"] },
  { text: "name: x1\neither: [a, 1]\n", lines: ["v.yml:2:13: var either[1]: found 1, expected text"] },
  { text: "name: x1\ngrafana:\n", lines: ["v.yml:2:9: var grafana: found nothing, expected a mapping"] },
  {
    text: "name: x1\ngrafana: {}\n",
    lines: ["v.yml:2:1: var grafana.password: found nothing, expected it to be set (text)"],
  },
  {
    text: "name: x1\ngrafana:\n  passwort: x\n",
    lines: [
      'v.yml:3:3: var grafana: found the unknown key "passwort", expected one of "password", "a/b~c"; did you mean "password"?',
    ],
  },
  { text: "name: x1\ngrafana: { password: !env PW }\n", lines: [] },
  {
    text: "name: x1\ngrafana: { password: !env PW, a/b~c: 1 }\n",
    lines: ["v.yml:2:38: var grafana.a/b~c: found 1, expected true or false"],
  },
  { text: "name: x1\nport: !env PORT\n", lines: ["v.yml:2:12: var port: found a secret, expected a whole number"] },
];

for (const { text, lines } of cases) {
  t.test(`explainErrors of ${JSON.stringify(text)} says ${lines[0] ?? "nothing"}`, async (t) => {
    const root = readDocument(text, "v.yml", {});
    if (root === undefined) return t.fail("empty");
    const validate = new Ajv({ allErrors: true, verbose: true, strict: false }).compile(schema);
    validate(hideSecrets(root.value));
    const locate = (path: readonly string[], part: "key" | "value") => locateIn(root, path, part);
    t.strictSame(explainErrors(validate.errors ?? [], { data: root.value, locate }).map(formatProblem), lines);
  });
}

t.test("describe shows any value on one short line", async (t) => {
  const values = [null, undefined, 1, true, "a", "x".repeat(90), "a\nb", [], [1], {}, { a: 1 }];
  t.strictSame(values.map(describe), [
    "nothing",
    "nothing",
    "1",
    "true",
    '"a"',
    `"${"x".repeat(59)}…"`,
    '"a\\nb"',
    "an empty list",
    "a list",
    "an empty mapping",
    "a mapping",
  ]);
});
