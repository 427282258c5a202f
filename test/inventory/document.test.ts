import t from "tap";
import { readDocument } from "../../engine/inventory/document.ts";
import { refuses } from "./refused.ts";

refuses(t, [
  {
    name: "a template without quotes",
    text: "all:\n  vars:\n    a: {{ b }}\n",
    message: "DIR/hosts.yml:3:9: found a mapping or list as a key, expected text; put {{ … }} in quotes",
  },
  {
    name: "a key that is nothing",
    text: "all:\n  vars:\n    ~: 1\n",
    message: "DIR/hosts.yml:3:5: found nothing as a key, expected text",
  },
  {
    name: "a value that starts with @",
    text: "all:\n  vars:\n    a: @b\n",
    message:
      "DIR/hosts.yml:3:8: found a value that YAML cannot read (Plain value cannot start with reserved character @), expected it in quotes",
  },
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
    message: 'DIR/hosts.yml:3:8: found a second ":" in one line, expected the value in quotes',
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
    message: "DIR/hosts.yml:3:8: found an alias (*) without its anchor (&), expected the anchor before it",
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

t.test("readDocument keeps the place of every value and key", async (t) => {
  const root = readDocument("a:\n  b: [1, {c: 2}]\n", "x.yml", {});
  const b = root?.parts.get("a")?.node.parts.get("b");
  const c = b?.node.parts.get("1")?.node.parts.get("c");
  t.strictSame(b?.keyPlace, { file: "x.yml", line: 2, column: 3 });
  t.strictSame(c?.node.place, { file: "x.yml", line: 2, column: 14 });
  t.strictSame(root?.value, { a: { b: [1, { c: 2 }] } });
});

t.test("readDocument reads a value with a thousand million aliases once", async (t) => {
  const layers = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(10).fill(`*l${i}`).join(", ")}]`);
  const root = readDocument(`l0: &l0 1\n${layers.join("\n")}\n`, "x.yml", {});
  t.equal(root?.parts.size, 10);
});

t.test("readDocument reads a text without content as undefined", async (t) => {
  for (const text of ["", "\n", "# only a comment\n", "---\n"])
    t.equal(readDocument(text, "x.yml", {})?.value ?? undefined, undefined);
});
