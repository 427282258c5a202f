import t from "tap";
import { isMap, isScalar } from "yaml";
import { parseYaml } from "../../engine/inventory/yaml-text.ts";

const accepted = [
  { name: "quoted text that ends in its key's column", text: 'a: "x\n  y\n"\nb: 1\n' },
  { name: "quoted text left of its key", text: "k:\n    a: 'x\n  y\nz'\n    b: 1\n" },
  { name: "quoted text with tabs", text: 'a: "x\n\ty"\nb: 1\n' },
  { name: "brackets that end in their key's column", text: "k:\n  a: [\n    1\n  ]\n  b: 1\n" },
  { name: "brackets in the first column, with a comment", text: "k:\n  a: {\n# c\nx: 1,\ny: [\n2]\n}\n  b: 1\n" },
  { name: "quoted text within such brackets", text: "k:\n  a: [ 'x\ny', \"z\n\" ]\n  b: 1\n" },
  { name: "several of them", text: 'a: "x\ny"\nc: "x\ny"\nd: [\n1\n]\nb: 1\n' },
  { name: "Windows lines", text: 'a: "x\r\ny"\r\nb: 1\r\n' },
];

for (const { name, text } of accepted) {
  t.test(`${name}: accepted, and what stands behind it has the place that it has in the file`, async (t) => {
    const { document, fault, position } = parseYaml(text);
    t.equal(fault, undefined);
    const top = document.contents;
    const map = isMap(top) && isMap(top.get("k", true)) ? top.get("k", true) : top;
    const value = isMap(map) && map.get("b", true);
    if (!isScalar(value)) return t.fail("no b");
    const offset = text.lastIndexOf("1");
    t.strictSame(value.range?.slice(0, 2), [offset, offset + 1]);
    t.equal(position(offset).line, text.slice(0, offset).split("\n").length);
  });
}

const ends = [
  { text: "a: |\n  x", value: "x" },
  { text: "a: >\n  x\n  y", value: "x y" },
  { text: "a: |+\n  x", value: "x" },
  { text: "a: |-\n  x", value: "x" },
  { text: "a: |\n  x\n", value: "x\n" },
  { text: "a: |\n  x\n  ", value: "x\n" },
  { text: "a: |+\n  x\n\n", value: "x\n\n" },
  { text: "a: |\n  x  ", value: "x  " },
  { text: "a: |\n  x\n# c", value: "x\n" },
  { text: "a: |\r\n  x", value: "x" },
];

for (const { text, value } of ends) {
  t.test(`the block of ${JSON.stringify(text)} is ${JSON.stringify(value)}`, async (t) => {
    t.strictSame(parseYaml(text).document.toJS(), { a: value });
  });
}

t.test("a large file with many such texts is read in no time", async (t) => {
  const text = Array.from(
    { length: 60 },
    (_, index) => `k${index}: "{{\n  x\n}}"\nl${index}: [\n${"1,\n".repeat(40)}]\n`,
  );
  const started = performance.now();
  t.equal(parseYaml(text.join("")).fault, undefined);
  t.ok(performance.now() - started < 5000);
});
