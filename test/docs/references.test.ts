import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import t from "tap";

const roots = ["bench", "docs", "engine", "inventory", "playbooks", "roles", "templates", "test"];
const below = roots.flatMap((root) =>
  readdirSync(root, { recursive: true, encoding: "utf8" }).map((path) => join(root, path)),
);
const files = [...readdirSync("."), ...below].filter((file) => !/node_modules|engine\/dist/.test(file));
const pages = files.filter((file) => file.endsWith(".md"));

/** Examples: what the pages on writing make, and what is of a reader's own. */
const made =
  /NAME|^(roles\/(base|board|journal)\/|test\/roles\/ini-entry|playbooks\/board|inventory\/(board|mine)|engine\/dist)/;

/** A page without its blocks of code. */
function proseOf(page: string): string {
  return readFileSync(page, "utf8").replaceAll(/^```[\s\S]*?^```$/gm, "");
}

t.test("every link of a page leads to a file", async (t) => {
  t.ok(pages.length > 30);
  const links = pages.flatMap((page) =>
    [...proseOf(page).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, target = ""]) => ({ page, target })),
  );
  const dead = links.filter(({ page, target }) => !/^https?:/.test(target) && !existsSync(join(dirname(page), target)));
  t.same(dead, []);
});

t.test("every path of ours that a page or a comment names is there", async (t) => {
  const path =
    /(?<![\w./-])(?:docs|engine|inventory|playbooks|roles|templates|test|bench)\/[\w./-]*\.(?:md|mts|ts|json|hbs|yml)\b/g;
  const commentsOf = (file: string) =>
    (readFileSync(file, "utf8").match(/\/\*\*[\s\S]*?\*\/|\/\/.*/g) ?? []).join("\n");
  const texts = files.flatMap((file) => {
    if (file.endsWith(".md")) return [{ file, text: proseOf(file) }];
    return /\.m?ts$/.test(file) ? [{ file, text: commentsOf(file) }] : [];
  });
  const gone = texts.flatMap(({ file, text }) =>
    (text.match(path) ?? []).filter((one) => !made.test(one) && !existsSync(one)).map((one) => `${file}: ${one}`),
  );
  t.same(gone, []);
});
