import t from "tap";
import { diffLines } from "../../engine/report/diff.ts";
import type { PlannedStep } from "../../engine/run/event.ts";
import { motd } from "../support/events.ts";

const plain = { colour: false };

function textStep(before: string, after: string): PlannedStep {
  return { ...motd, changes: [{ field: "content", before: "sha-a", after: "sha-b", text: { before, after } }] };
}

t.test("a field is shown as before and after, what was not there as absent", async (t) => {
  t.same(diffLines(plain, motd), ["mode: 0600 → 0644"]);
  t.same(diffLines(plain, { ...motd, changes: [{ field: "owner", after: "root" }] }), ["owner: absent → root"]);
});

t.test("a text is shown as a unified diff with two lines around each change", async (t) => {
  t.same(diffLines(plain, textStep("1\n2\n3\n4\n5\n6\n", "1\n2\n3\nfour\n5\n6\n")), [
    "@@ content, line 2 → 2 @@",
    " 2",
    " 3",
    "-4",
    "+four",
    " 5",
    " 6",
  ]);
});

t.test("control characters of a text do not reach the terminal", async (t) => {
  t.same(diffLines(plain, textStep("a\n", "\x1b[31mb\n")).slice(1), ["-a", "+\\x1b[31mb"]);
});

t.test("a long diff is cut and says so", async (t) => {
  const lines = diffLines(plain, textStep("", "x\n".repeat(1000)));
  t.equal(lines.length, 61);
  t.equal(lines.at(-1), "… 941 more lines (--json has both texts)");
});

t.test("a long line is cut and says so", async (t) => {
  const [, line = ""] = diffLines(plain, textStep("", "x".repeat(10_000)));
  t.match(line, /^\+x+… \(9701 characters more\)$/);
});

t.test("texts that share nothing do not hold up the run", async (t) => {
  const noise = (seed: number) => Array.from({ length: 60_000 }, (_, at) => `${(at * seed) % 99_991}\n`).join("");
  const begun = performance.now();
  t.match(diffLines(plain, textStep(noise(7), noise(11))).at(-1), /--json has both texts/);
  t.ok(performance.now() - begun < 10_000);
});
