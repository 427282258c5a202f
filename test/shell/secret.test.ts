import { inspect } from "node:util";
import t from "tap";
import { masker, Secret } from "../../engine/shell/secret.ts";

const value = "pä ss'w0rd\"$+/";
const secret = new Secret(value, "test");

t.test("a secret prints as stars, however it is printed", async (t) => {
  for (const text of [`${secret}`, JSON.stringify({ secret }), inspect({ secret }, { depth: 5 }), String(secret)]) {
    t.match(text, /\*{8}/);
    t.notMatch(text, "w0rd");
  }
  t.equal(secret.reveal(), value);
});

t.test("its value is masked in every spelling that output has", async (t) => {
  const base64 = Buffer.from(value).toString("base64");
  const spellings = [
    value,
    base64,
    base64.replaceAll("+", "-").replaceAll("/", "_"),
    encodeURIComponent(value),
    new URLSearchParams({ "": value }).toString().slice(1),
    JSON.stringify(value).slice(1, -1),
    value.replaceAll("'", `'\\''`),
  ];
  const mask = masker([secret]);
  for (const spelling of spellings) t.equal(mask(`a ${spelling} b`), "a ******** b");
});

t.test("it is masked within the base64 of a longer text too", async (t) => {
  const mask = masker([secret]);
  for (const user of ["a", "ab", "abc", "abcd"]) {
    for (const after of ["", "x", "xy"]) {
      const text = Buffer.from(`${user}:${value}${after}`).toString("base64");
      const masked = mask(text);
      t.match(masked, "********");
      t.ok(masked.replaceAll("*", "").length <= text.length - Math.floor((value.length * 4) / 3) + 3, masked);
    }
  }
});

t.test("each long line of a secret is masked, since reports show last lines only", async (t) => {
  const mask = masker([new Secret("-----BEGIN KEY-----\nMIIEowIBAAKCAQEA\nshort\n", "test")]);
  t.equal(mask("line 2: MIIEowIBAAKCAQEA, short"), "line 2: ********, short");
  t.equal(masker([new Secret("abc\n", "test")])("it is abc."), "it is ********.");
});

t.test("a secret within another leaves no ends behind, an empty one masks nothing", async (t) => {
  const mask = masker(["abc", "abcdef", ""].map((text) => new Secret(text, "test")));
  t.equal(mask("xabcdefx abc"), "x********x ********");
});

t.test("a secret that cannot be read is an error where it is used, not before", async (t) => {
  const missing = new Secret(() => {
    throw new Error("NAME is not set");
  }, "test");
  t.equal(`${missing}`, "********");
  t.throws(() => missing.reveal(), /NAME is not set/);
});
