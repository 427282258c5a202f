import { readFileSync } from "node:fs";
import t from "tap";

const FILES = ["first-contact", "disk", "starved"].map((name) => `test/e2e/${name}.test.ts`);

t.test("the page has a row for each machine that is tested", async (t) => {
  const page = readFileSync("docs/hosts-in-trouble.md", "utf8");
  const names = FILES.flatMap((path) =>
    [...readFileSync(path, "utf8").matchAll(/ name: "(.+?)",/g)].map(([, name = ""]) => name),
  );
  t.ok(names.length > 40, `${names.length} machines`);
  t.same(
    names.filter((name) => !page.includes(`| ${name} |`)),
    [],
  );
});
