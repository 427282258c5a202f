import { readFileSync, writeFileSync } from "node:fs";
import t from "tap";
import * as hostwright from "../../engine/index.ts";
import { membersOf } from "./interfaces.ts";
import { resourceOptions, resourcesPage, resourceTypes } from "./resources-page.ts";

const PAGE = "docs/resources.md";

t.test(`${PAGE} is what the types say; if not: npm run generate`, async (t) => {
  if (process.env.WRITE === "1") writeFileSync(PAGE, resourcesPage());
  else t.equal(readFileSync(PAGE, "utf8"), resourcesPage());
});

t.test("all resource types of the package are on it", async (t) => {
  const names = resourceTypes().map(({ name }) => name);
  t.strictSame(names.toSorted(), [
    ...["absent", "command", "compose", "directory", "envFile", "file", "group"],
    ...["http", "jsonFile", "link", "pkg", "reboot", "release", "unit", "upgrade", "user"],
  ]);
  const functions = Object.entries(hostwright).filter(([, value]) => typeof value === "function");
  t.strictSame(
    names.filter((name) => !functions.some(([known]) => known === name)),
    [],
  );
});

t.test("a reported name is the one that the type has", async (t) => {
  const reported = Object.fromEntries(resourceTypes().map((type) => [type.name, type.reported]));
  const made = hostwright.file({ path: "/a", content: "" }).kind.name;
  t.match(reported, { pkg: "package", envFile: "env-file", compose: "compose", file: made });
});

t.test("every argument has a doc comment, or a name that needs none", async (t) => {
  const plain = ["name", "path", "version"];
  const types = resourceTypes().flatMap(({ name, members, parts }) => [
    { name, members },
    ...parts.map((part) => ({ name: `${name} ${part.name}`, members: part.members })),
  ]);
  const silent = [...types, { name: "options", members: resourceOptions() }].flatMap(({ name, members }) =>
    members.filter((member) => member.doc === "" && !plain.includes(member.name)).map((one) => `${name}.${one.name}`),
  );
  t.strictSame(silent, []);
});

t.test("an interface is read as it is written", async (t) => {
  const source = `export interface Other {
}
export interface Wish {
  /** One; "two"
   * lines. */
  readonly a: string;
  readonly b?: Readonly<Record<string, { readonly c: "x;}"; d: [number] }>> | undefined;
  readonly f?: (staged: Script) =>
    Script;
}
`;
  t.strictSame(membersOf("x.ts", "Wish", source), [
    { name: "a", type: "string", isRequired: true, doc: 'One; "two" lines.' },
    {
      name: "b",
      type: 'Readonly<Record<string, { readonly c: "x;}"; d: [number] }>>',
      isRequired: false,
      doc: "",
    },
    { name: "f", type: "(staged: Script) => Script", isRequired: false, doc: "" },
  ]);
});

for (const { name, body, error } of [
  { name: "a member that can be written to", body: "  a: string;", error: /^x.ts:2: .*found "a: string"/ },
  { name: "a method", body: "  readonly a: string;\n  b(): void;", error: /^x.ts:3: .*found "b\(\): void"/ },
  { name: "a comment that is no doc comment", body: "  // why\n  readonly a: string;", error: /^x.ts:2: / },
  { name: "a comment behind the type", body: "  readonly a: string /* b */;", error: /^x.ts:2: / },
  { name: "two doc comments", body: "  /** a */\n  /** b */\n  readonly a: string;", error: /^x.ts:2: / },
  { name: "no semicolon at the end", body: "  readonly a: string", error: /^x.ts:2: found .* without ";"/ },
  { name: "what closes too early", body: "  readonly a: string];", error: /^x.ts:2: found "\]", which nothing opens/ },
]) {
  t.test(`refused, with its line: ${name}`, async (t) => {
    t.throws(() => membersOf("x.ts", "Wish", `export interface Wish {\n${body}\n}\n`), { message: error });
  });
}

t.test("refused: an interface that is not there, extends another or does not end", async (t) => {
  for (const source of ["", "export interface Wish extends Other {\n}\n"])
    t.throws(() => membersOf("x.ts", "Wish", source), { message: /^x.ts: found no "export interface Wish \{"/ });
  t.throws(() => membersOf("x.ts", "Wish", "export interface Wish {\n  readonly a: string;\n"), {
    message: "x.ts:2: found no end of the interface",
  });
});
