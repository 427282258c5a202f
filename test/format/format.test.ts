import t from "tap";
import { type FormatName, formatOf, formats, formatWords } from "../../engine/format/format.ts";

const tables: Readonly<Partial<Record<FormatName, { good: readonly string[]; bad: readonly string[] }>>> = {
  ipv4: { good: ["0.0.0.0", "192.0.2.1"], bad: ["::1", "app", "1.2.3", "1.2.3.4/8", "01.2.3.4"] },
  day: {
    good: ["2024-02-29", "2026-12-31"],
    bad: ["2025-02-29", "2025-02-30", "2026-04-31", "2026-13-01", "2026-1-1", "0", "2026-01-01T00:00"],
  },
  account: {
    good: ["ubuntu", "www-data", "app.user", "_apt", "Machine$", "A".repeat(32), "1000"],
    bad: ["Bad User", "-x", "a:b", "a/b", "a$b", "A".repeat(33), "root\n", "josé"],
  },
  bucket: {
    good: ["logs", "logs.prod", "a-b-c", "0ab"],
    bad: ["ab", "a..b", "a.-b", "-ab", "ab-", "Logs", "a_b", "192.0.2.1", "a".repeat(64)],
  },
  "file-size": { good: ["1k", "10m", "100g"], bad: ["0", "0m", "10", "10M", "10mb", "101g", "1.5g", "-1m"] },
  bcrypt: { good: ["a".repeat(72)], bad: ["a".repeat(73), "é".repeat(37)] },
};

for (const [name, { good, bad }] of Object.entries(tables)) {
  t.test(`${name} is told from what is none`, async (t) => {
    const problem = (text: string) => formatOf(name)?.problem(text);
    for (const text of good) t.equal(problem(text), undefined, text);
    for (const text of bad) t.type(problem(text), "string", text);
  });
}

t.test("words say what was expected, and why a text is not that", async (t) => {
  t.equal(formatWords("day", "2025-02-30"), `${formats.day.words}: there is no such day`);
  t.equal(formatWords("day", 1), formats.day.words);
  t.equal(formatWords("unheard-of", "x"), 'text in the form of "unheard-of"');
});
