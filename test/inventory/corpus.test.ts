import { readdirSync, readFileSync } from "node:fs";
import t from "tap";
import { blockAt, setBlock } from "../../engine/inventory/age-block.ts";
import { readDocument } from "../../engine/inventory/document.ts";
import { InventoryError, isMapping } from "../../engine/inventory/inventory.ts";

// Vars files as people write them, and how Ansible reads each: `corpus/record.py` records that where Ansible is installed.
const folder = `${import.meta.dirname}/corpus`;

type Reading = { readonly value: unknown } | { readonly refused: string };

const lines = readFileSync(`${folder}/readings.jsonl`, "utf8").trimEnd().split("\n");
const readings: ReadonlyMap<string, Reading> = new Map(
  lines.map((line) => {
    const { name, ...reading } = JSON.parse(line);
    return [name, reading];
  }),
);

/** Where we read another value, or refuse what Ansible reads or the other way round, and why. */
const differences: Readonly<Record<string, string>> = {
  "boolean-keys.yml": "the key would be the text True, which nobody means",
  "null-key.yml": "the key would be the text None, which nobody means",
  "duplicate-keys.yml": "Ansible warns and takes the last; we have one kind of no",
  "duplicate-nested.yml": "likewise",
  "dates.yml": "a date stays the text that was written, Ansible prints it in its own form",
  "impossible-date.yml": "likewise: it is text",
  "infinity.yml": "JSON has no such number: it stays text",
  "equals.yml": "Ansible knows no value for =; as text it is harmless",
  "merge-as-value.yml": "Ansible knows no value for << in this place; as text it is harmless",
  "tag-binary.yml": "vars are text, numbers, lists and mappings",
  "tag-set.yml": "likewise",
};

function ours(name: string): Reading {
  try {
    const value = readDocument(readFileSync(`${folder}/${name}`, "utf8"), name, {})?.value ?? null;
    return { value: JSON.parse(JSON.stringify(value)) };
  } catch (error) {
    if (error instanceof InventoryError) return { refused: error.message };
    throw error;
  }
}

t.test("every file of the corpus was recorded", async (t) => {
  const files = readdirSync(folder).filter((name) => name.endsWith(".yml"));
  t.strictSame(files.sort(), [...readings.keys()].sort());
});

for (const [name, theirs] of readings) {
  const difference = differences[name];
  t.test(`${name} ${difference === undefined ? "reads as Ansible reads it" : `differs: ${difference}`}`, async (t) => {
    const reading = ours(name);
    const refused = "refused" in reading && "refused" in theirs;
    if (difference !== undefined) return t.notSame(reading, theirs);
    return refused ? t.match(reading.refused, /found .*expected /) : t.strictSame(reading, theirs);
  });
}

/** Files with vars that no further one can be written below, and what is said then. */
const closed: Readonly<Record<string, string>> = {
  "json-file.yml": "within braces",
  "json-tabs.yml": "within braces",
  "marker-content.yml": "within braces",
  "block-at-end-crlf.yml": "ends without a line break",
  "block-at-end-trailing-blank.yml": "ends without a line break",
  "block-folded-at-end.yml": "ends without a line break",
  "block-folded-keep-at-end.yml": "ends without a line break",
  "block-literal-at-end.yml": "ends without a line break",
  "block-literal-keep-at-end.yml": "ends without a line break",
};

for (const name of readings.keys()) {
  const reading = ours(name);
  if (!("value" in reading) || !(reading.value === null || isMapping(reading.value))) continue;
  const source = { file: "group_vars/x.yml", text: readFileSync(`${folder}/${name}`, "utf8") };
  const refused = closed[name];
  t.test(`a secret ${refused ? "is not" : "can be"} written into ${name}, and nothing else changes`, async (t) => {
    if (refused !== undefined)
      return t.throws(() => setBlock(source, "secret", "armored"), { message: new RegExp(refused) });
    const text = setBlock(source, "secret", "armored");
    t.equal(blockAt({ ...source, text }, "secret")?.text.trim(), "armored");
    const vars = readDocument(text, "x.yml", {})?.value;
    const others = Object.entries(isMapping(vars) ? vars : {}).filter(([key]) => key !== "secret");
    t.strictSame(JSON.parse(JSON.stringify(Object.fromEntries(others))), reading.value ?? {});
  });
}
