import t from "tap";
import { globMatches, globProblem } from "../../engine/format/glob.ts";

const matching = [
  ["*.log", "app.log", true],
  ["*.log", "app.log.1", false],
  ["*", "folder/app.log", false],
  ["app.?", "app.1", true],
  ["app-[0-9][0-9].log", "app-12.log", true],
  ["app-[!0-9].log", "app-a.log", true],
  ["app-[^0-9].log", "app-1.log", false],
  ["*.{gz,zip}", "app.log.gz", true],
  ["{*.gz,*-[0-9]*}", "app-1.log", true],
  ["a{b,{c,d}e}f", "adef", true],
  ["a{b,{c,d}e}f", "aef", false],
  ["a,b", "a,b", true],
  ["a\\*b", "a*b", true],
  ["a\\*b", "axb", false],
  ["(x)+.log", "(x)+.log", true],
  ["[.]log", "xlog", false],
  ["é?", "éü", true],
] as const;

t.test("a glob matches names as agents in Go have it", async (t) => {
  for (const [glob, name, expected] of matching) t.equal(globMatches(glob, name), expected, `${glob} ${name}`);
});

t.test("a glob that is not whole is refused with what is missing", async (t) => {
  for (const [glob, problem] of [
    ["*-[0-9.log", "a [ is not closed, or a backslash stands at the end"],
    ["x\\", "a [ is not closed, or a backslash stands at the end"],
    ["*[].log", "a [ has nothing in it"],
    ["*.{gz,zip", "a { is not closed"],
    ["*.gz}", "a } has no { before it"],
    ["[z-a]", "a range in [ ] runs backwards"],
  ] as const) {
    t.equal(globProblem(glob), problem, glob);
    t.throws(() => globMatches(glob, "x"), TypeError);
  }
  for (const glob of ["*.log", "[[]x", "{}", "a{,b}", "x]"]) t.equal(globProblem(glob), undefined, glob);
});
