import { readFileSync, writeFileSync } from "node:fs";
import t from "tap";
import { allArguments, resourcesPage } from "./resources-page.ts";

const PAGE = "docs/resources.md";

t.test(`${PAGE} is what the types say; if not: npm run generate`, async (t) => {
  if (process.env.WRITE === "1") writeFileSync(PAGE, resourcesPage());
  else t.equal(readFileSync(PAGE, "utf8"), resourcesPage());
});

t.test("all resource types are on it, with every argument that its name does not explain", async (t) => {
  const sections = [...resourcesPage().matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
  t.strictSame(sections.sort(), [
    ...["absent", "command", "compose", "directory", "envFile", "file", "group"],
    ...["http", "link", "pkg", "release", "unit", "user"],
  ]);
  const plain = ["name", "path", "version", "project", "run"];
  const silent = allArguments().filter(({ name, doc }) => doc === "" && !plain.includes(name));
  t.strictSame(
    silent.map(({ of, name }) => `${of}.${name}`),
    [],
  );
});
