import t from "tap";
import { jsonProblem } from "../../engine/format/json.ts";

const fine = [
  "{}",
  ' {"a": [1, -2.5e3, true, null, "é\\n\\u00e9\\"", {"b": {}}], "c": []}\n',
  '"a"',
  "9007199254740991",
  '"\u007f"',
  "[[]]",
];

for (const text of fine)
  t.test(`${JSON.stringify(text)} is JSON`, async (t) => {
    t.equal(jsonProblem(text), undefined);
    t.doesNotThrow(() => JSON.parse(text));
  });

for (const [text, problem] of [
  ["", "line 1, column 1: expected a value"],
  ['{\n  "a": 1,\n}', "line 3, column 1: expected a name in double quotes"],
  ['{\n  "a": 1\n  "b": 2\n}', 'line 3, column 3: expected "," or "}"'],
  ["{'a': 1}", "line 1, column 2: expected a name in double quotes"],
  ['{"a" 1}', 'line 1, column 6: expected ":"'],
  ['{"a": 1}\n// end', "line 2, column 1: expected the end"],
  ["[1, 2", 'line 1, column 6: expected "," or "]"'],
  ["[01]", "line 1, column 2: expected a value"],
  ['["a\nb"]', "line 1, column 2: expected a value"],
  ["[truest]", "line 1, column 2: expected a value"],
  ["\ufeff{}", "line 1, column 1: expected a value"],
] as const)
  t.test(`${JSON.stringify(text)} is none, and it is said where`, async (t) => {
    t.equal(jsonProblem(text), problem);
    t.throws(() => JSON.parse(text));
  });

t.test("what would be lost when it is written anew is a problem too", async (t) => {
  t.equal(jsonProblem('{"a": 1, "b": {"a": 1}, "\\u0061": 2}'), 'line 1, column 25: expected the name "a" once');
  t.equal(jsonProblem("[9007199254740993]"), "line 1, column 2: expected a number of fewer digits");
  t.equal(jsonProblem("[1e999]"), "line 1, column 2: expected a number of fewer digits");
  t.match(jsonProblem("[".repeat(50_000)), /expected no more than 100 objects and lists in each other/);
});
