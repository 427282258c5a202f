import t from "tap";
import { blockAt, blocksOf, replaceBlocks, setBlock } from "../../engine/inventory/age-block.ts";

const armored = "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----";
const block = (indent: string) => armored.replace(/^/gm, indent);

const layouts = [
  { name: "a plain value", before: "a: x\nb: 1\n", path: "a", after: `a: !age |\n${block("  ")}\nb: 1\n` },
  {
    name: "a value with a comment",
    before: "a:   !env X   # whose\n",
    path: "a",
    after: `a: !age | # whose\n${block("  ")}\n`,
  },
  { name: "no value", before: "a:\nb: 1\n", path: "a", after: `a: !age |\n${block("  ")}\nb: 1\n` },
  {
    name: "a block, with its comment and the empty line below",
    before: "a: | # c\n  old\n  text\n\n# next\nb: 1\n",
    path: "a",
    after: `a: !age | # c\n${block("  ")}\n\n# next\nb: 1\n`,
  },
  { name: "a last line without its end", before: "a: 'x'", path: "a", after: `a: !age |\n${block("  ")}\n` },
  { name: "Windows lines", before: "a: 1\r\nb: 2\r\n", path: "a", after: `a: !age |\n${block("  ")}\nb: 2\n` },
  {
    name: "quoted text that ends in the column of its key",
    before: 'a: "x\ny" # c\nb: 1\n',
    path: "a",
    after: `a: !age | # c\n${block("  ")}\nb: 1\n`,
  },
  {
    name: "a value below text and brackets that stand to the left",
    before: 'g:\n    t: "{{\n  x\n}}"\n    l: [\n1\n]\n    a: x\n    b: 1\n',
    path: "g.a",
    after: `g:\n    t: "{{\n  x\n}}"\n    l: [\n1\n]\n    a: !age |\n${block("      ")}\n    b: 1\n`,
  },
  {
    name: "a host with dots in its name, deep in the inventory",
    before: "all:\n  hosts:\n    web.example.com: # first\n      pw: x\n      n: 1\n",
    path: "all.hosts.web.example.com.pw",
    after: `all:\n  hosts:\n    web.example.com: # first\n      pw: !age |\n${block("        ")}\n      n: 1\n`,
  },
  {
    name: "a key within a list",
    before: "users:\n  - name: a\n    pw: x\n",
    path: "users",
    refused: "x.yml:1:1: found a mapping or list, expected a single value",
  },
  {
    name: "an anchor",
    before: "a: &x 1\nb: *x\n",
    path: "a",
    refused: "x.yml:1:1: found the anchor &x, expected a single value without one",
  },
  {
    name: "braces",
    before: "a: { b: 1 }\n",
    path: "a.b",
    refused: "x.yml:1:6: var a.b: found it within braces, expected it on a line of its own",
  },
  {
    name: "a missing var outside of group_vars",
    before: "all:\n  vars:\n",
    path: "password",
    refused:
      'x.yml: found no var password, expected it there, such as "password:" without a value, named by its path (all.vars.password)',
  },
  {
    name: "a mistyped key",
    before: "password:\n",
    path: "pasword",
    refused: 'x.yml: found no var pasword, expected it there; did you mean "password"?',
  },
  {
    name: "broken YAML",
    before: "a: 1: 2\n",
    path: "a",
    refused: 'x.yml:1:4: found a second ":" in one line, expected the value in quotes',
  },
];

for (const { name, before, path, after, refused } of layouts) {
  t.test(`encrypting in place: ${name} is ${refused ? "refused" : "replaced, and nothing else"}`, async (t) => {
    const source = { file: "x.yml", text: before };
    if (refused !== undefined)
      return t.throws(() => setBlock(source, path, armored), { name: "InventoryError", message: refused });
    const text = setBlock(source, path, armored);
    t.equal(text.replaceAll("\r\n", "\n"), after);
    t.equal(text.includes("\r\n"), before.includes("\r\n"));
    t.equal(blockAt({ file: "x.yml", text }, path)?.text.trim(), armored);
    t.equal(setBlock({ file: "x.yml", text }, path, armored), text, "a second time changes nothing");
  });
}

t.test("a new var is added at the end of a file below group_vars, also of an empty one", async (t) => {
  const add = (text: string) => setBlock({ file: "inventory/group_vars/app.yml", text }, "pw", armored);
  t.equal(add("# whose\na: 1"), `# whose\na: 1\npw: !age |\n${block("  ")}\n`);
  t.equal(add(""), `pw: !age |\n${block("  ")}\n`);
  t.equal(add("# only a comment\n"), `# only a comment\npw: !age |\n${block("  ")}\n`);
});

t.test("all blocks of a file are found and replaced in order, and comments stay", async (t) => {
  const text = `# top\na: !age | # one\n  A\nlist:\n  - !age |-\n    B\n    b\n  - 2 # two\nc: !env X\n`;
  const source = { file: "x.yml", text };
  t.same(
    blocksOf(source).map(({ text, place }) => [text, place.line]),
    [
      ["A\n", 2],
      ["B\nb", 5],
    ],
  );
  t.equal(
    replaceBlocks(source, ["new", "n1\nn2"]),
    "# top\na: !age | # one\n  new\nlist:\n  - !age |-\n    n1\n    n2\n  - 2 # two\nc: !env X\n",
  );
  t.throws(() => replaceBlocks({ file: "x.yml", text: 'a: !age "x"\n' }, ["y"]), {
    message: "x.yml:1:9: found !age without |, expected a block",
  });
});

t.test("a var that is no !age block cannot be decrypted", async (t) => {
  t.throws(() => blockAt({ file: "x.yml", text: "a: !env X\n" }, "a"), {
    message: "x.yml:1:1: var a: found no !age block, expected one",
  });
  t.equal(blockAt({ file: "x.yml", text: "a:\n" }, "a"), undefined);
});

const fresh = [
  { name: "a marker", before: "---\n", after: `---\na: !age |\n${block("  ")}\n` },
  {
    name: "a marker and comments",
    before: "# vars of the app\n---\n\n# below\n",
    after: `# vars of the app\n---\n\n# below\na: !age |\n${block("  ")}\n`,
  },
  { name: "both markers", before: "---\n...\n", after: `---\na: !age |\n${block("  ")}\n...\n` },
  {
    name: "vars up to the marker of the end",
    before: "---\nb: 1\n... # c\n# d\n",
    after: `---\nb: 1\na: !age |\n${block("  ")}\n... # c\n# d\n`,
  },
  {
    name: "a marker with a comment, and no line break",
    before: "--- # c",
    after: `--- # c\na: !age |\n${block("  ")}\n`,
  },
  { name: "nothing but a comment", before: "# c\n", after: `# c\na: !age |\n${block("  ")}\n` },
  { name: "Windows lines", before: "---\r\n# c\r\n", after: `---\n# c\na: !age |\n${block("  ")}\n` },
];

for (const { name, before, after } of fresh) {
  t.test(`a vars file of ${name} takes a new secret and keeps its comments`, async (t) => {
    const file = "group_vars/app.yml";
    const text = setBlock({ file, text: before }, "a", armored);
    t.equal(text.replaceAll("\r\n", "\n"), after);
    t.equal(text.includes("\r\n"), before.includes("\r\n"));
    t.equal(blockAt({ file, text }, "a")?.text.trim(), armored);
  });
}
