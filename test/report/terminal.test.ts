import t from "tap";
import { bytes, cut, harmless, harmlessLines, seconds } from "../../engine/report/terminal.ts";

const cases = [
  { name: "plain text stays", text: "Grüße, 東京 👩‍🚒\tend", shown: "Grüße, 東京 👩‍🚒\tend" },
  { name: "an escape sequence is spelled out", text: "\x1b[2J\x1b]0;title\x07", shown: "\\x1b[2J\\x1b]0;title\\x07" },
  { name: "an eight-bit control is spelled out", text: "\u009b2J", shown: "\\x9b2J" },
  { name: "a carriage return cannot overwrite the line", text: "failed\rok", shown: "failed\\x0dok" },
  { name: "a line break cannot make a line of its own", text: "x\napp-1 ok", shown: "x\\napp-1 ok" },
  { name: "text cannot be turned around", text: "a\u202eb\u2066c", shown: "a\\u202eb\\u2066c" },
  { name: "half a character is spelled out", text: "\ud800x", shown: "\\ud800x" },
];

for (const { name, text, shown } of cases) t.test(`${name}`, async (t) => t.equal(harmless(text), shown));

t.test("lines of a text are harmless one by one, whichever their ends", async (t) => {
  t.same(harmlessLines("one\r\ntwo\x1b[0m\nthree"), ["one", "two\\x1b[0m", "three"]);
});

t.test("numbers are short", async (t) => {
  t.same([0, 3249, 59_960, 125_000].map(seconds), ["0.0s", "3.2s", "1m00s", "2m05s"]);
  t.same([812, 12_176, 3_400_000].map(bytes), ["812 B", "12.2 kB", "3.4 MB"]);
  t.equal(cut("abcdef", 3), "abc… (3 characters more)");
});
