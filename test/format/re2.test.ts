import t from "tap";
import { re2Matches, re2Problem } from "../../engine/format/re2.ts";

const good = [
  "",
  "^\\{|^No mapping for ",
  "(?i)^error",
  "^\\pL+",
  "\\p{Greek}",
  "x\\z",
  "[[:alpha:]]",
  "[[:^digit:]]",
  "(?P<year>\\d{4})",
  "(?<year>\\d{4})",
  "\\Qa.b\\E",
  "x{1000}",
  "(?s-i:x)",
  "(?U)a+",
  "a{,3}",
  "\\x{10FFFF}",
];

const bad = [
  ["^(?=x)", 'invalid or unsupported Perl syntax: "(?="'],
  ["^(?!x)", 'invalid or unsupported Perl syntax: "(?!"'],
  ["(?<=x)y", 'invalid named capture: "(?<=x)y"'],
  ["(?<!x)y", 'invalid named capture: "(?<!x)y"'],
  ["(a)\\1", 'invalid escape sequence: "\\1"'],
  ["(?P<n>a)(?P=n)", 'invalid or unsupported Perl syntax: "(?P"'],
  ["a++", 'invalid nested repetition operator: "++"'],
  ["(?>a)", 'invalid or unsupported Perl syntax: "(?>"'],
  ["x{1001}", 'invalid repeat count: "{1001}"'],
  ["(x{100}){100}", 'invalid repeat count: "{100}"'],
  ["\\y", 'invalid escape sequence: "\\y"'],
  ["\\Z", 'invalid escape sequence: "\\Z"'],
  ["\\u0041", 'invalid escape sequence: "\\u"'],
  ["(a", 'missing closing ): "(a"'],
  ["a)", 'unexpected ): "a)"'],
  ["[a", 'missing closing ]: "[a"'],
  ["[z-a]", 'invalid character class range: "z-a"'],
  ["\\p{Nobody}", 'invalid character class range: "\\p{Nobody}"'],
  ["*a", 'missing argument to repetition operator: "*"'],
  ["a\\", "trailing backslash at end of expression"],
] as const;

t.test("what Go's regexp takes is fine, also where JavaScript has no such thing", async (t) => {
  for (const pattern of good) t.equal(re2Problem(pattern), undefined, pattern);
});

t.test("what Go's regexp refuses is refused in its words", async (t) => {
  for (const [pattern, problem] of bad) t.equal(re2Problem(pattern), problem, pattern);
});

t.test("a pattern matches as an agent has it", async (t) => {
  t.ok(re2Matches("(?i)^no mapping", "No mapping for GET /"));
  t.ok(re2Matches("[[:digit:]]{4}", "in 2026"));
  t.notOk(re2Matches("^\\{", "x {"));
});
