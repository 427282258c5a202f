import { readFileSync } from "node:fs";

/** An argument of a resource type, as its interface declares it. */
interface Argument {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly doc: string;
}

const FOLDER = "engine/resource";

/** Returns docs/resources.md: every resource type that the package exports, from the comments and types of its source. */
export function resourcesPage(): string {
  const exported = [...read("engine/index.ts").matchAll(/export \{([^}]*)\} from "\.\/resource\/([\w-]+)\.ts"/g)];
  const types = exported.flatMap(([, names = "", file = ""]) => {
    const desired = /type (\w+Desired)\b/.exec(names)?.[1];
    return desired === undefined ? [] : [{ file, desired }];
  });
  return [
    "# Resource types",
    "Made by `npm run generate` from the types in `engine/resource/`: edit those. [writing-a-role.md](writing-a-role.md) shows how they are used,",
    "[writing-a-resource.md](writing-a-resource.md) how another type is made.",
    "",
    ...types.flatMap(({ file, desired }) => sectionOf(file, desired)),
    "## What every resource takes",
    "",
    'The second argument of each, such as `{ tags: ["web"], notify: ["reload nginx"] }`:',
    "",
    ...tableOf(argumentsOf(`${FOLDER}/resource.ts`, "ResourceOptions")),
    "",
  ].join("\n");
}

/** Returns the arguments of every type and of those that they are made of, with the name of the interface. */
export function allArguments(): readonly (Argument & { readonly of: string })[] {
  const names = [...resourcesPage().matchAll(/<!-- (\w+) ([\w./-]+) -->/g)];
  return names.flatMap(([, of = "", file = ""]) => argumentsOf(file, of).map((one) => ({ ...one, of })));
}

function sectionOf(file: string, desired: string): readonly string[] {
  const source = read(`${FOLDER}/${file}.ts`);
  const [, doc = "", name = ""] =
    /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport const (\w+) = defineResource/.exec(source) ?? [];
  if (name === "")
    throw new Error(`${FOLDER}/${file}.ts: found no documented "export const … = defineResource", expected one`);
  const home = homeOf(source, file, desired);
  return [`## ${name}`, "", `<!-- ${desired} ${home} -->`, words(doc), "", ...tableOf(argumentsOf(home, desired)), ""];
}

/** The file that declares the interface: the type's own, or one that it is re-exported from. */
function homeOf(source: string, file: string, name: string): string {
  if (source.includes(`export interface ${name} {`)) return `${FOLDER}/${file}.ts`;
  const from = new RegExp(`export type \\{[^}]*\\b${name}\\b[^}]*\\} from "\\./([\\w-]+)\\.ts"`).exec(source)?.[1];
  if (from === undefined)
    throw new Error(`${FOLDER}/${file}.ts: found no ${name}, expected it declared or re-exported`);
  return `${FOLDER}/${from}.ts`;
}

function argumentsOf(path: string, name: string): readonly Argument[] {
  const source = read(path);
  const body = new RegExp(`export interface ${name} \\{\\n([\\s\\S]*?)\\n\\}`).exec(source)?.[1];
  if (body === undefined) throw new Error(`${path}: found no interface ${name}`);
  const found: Argument[] = [];
  let rest = body;
  while (rest.trim() !== "") {
    const match = /^\s*(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?readonly (\w+)(\?)?: ([^;]+);/.exec(rest);
    if (!match)
      throw new Error(
        `${path}: interface ${name}: found "${rest.trim().split("\n")[0]}", expected readonly NAME: TYPE;`,
      );
    const [whole, doc = "", argument = "", optional, type = ""] = match;
    found.push({
      name: argument,
      type: type.replace(/ \| undefined$/, ""),
      isRequired: optional === undefined,
      doc: words(doc),
    });
    rest = rest.slice(whole.length);
  }
  return found;
}

function tableOf(rows: readonly Argument[]): readonly string[] {
  const cell = (text: string) => text.replaceAll("|", "\\|");
  return [
    "| argument | type | |",
    "|---|---|---|",
    ...rows.map(
      ({ name, type, isRequired, doc }) =>
        `| \`${name}\`${isRequired ? "" : " (optional)"} | \`${cell(type)}\` | ${cell(doc)} |`,
    ),
  ];
}

/** A comment as one line. */
function words(doc: string): string {
  return doc.replaceAll(/\s*\n\s*\* ?/g, " ").trim();
}

function read(path: string): string {
  return readFileSync(path, "utf8");
}
