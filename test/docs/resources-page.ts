import { readFileSync } from "node:fs";
import { type Member, membersOf, proseOf } from "./interfaces.ts";

const FOLDER = "engine/resource";

/** A resource type that the package exports, and what it is made of. */
interface Documented {
  /** As roles import it. */
  readonly name: string;
  /** As reports call it. */
  readonly reported: string;
  readonly doc: string;
  readonly members: readonly Member[];
  /** The interfaces of its own that its arguments are made of. */
  readonly parts: readonly { readonly name: string; readonly members: readonly Member[] }[];
}

/** Every resource type that the package exports, as comments and types of its source say. Throws where they do not. */
export function resourceTypes(): readonly Documented[] {
  const exported = [...read("engine/index.ts").matchAll(/^export \{([^}]*)\} from "\.\/resource\/([\w-]+)\.ts";$/gm)];
  return exported.flatMap(([, names = "", file = ""]) => {
    const desired = /type (\w+Desired)\b/.exec(names)?.[1];
    if (desired === undefined) return [];
    const found = typeOf(file, desired);
    if (!new RegExp(`\\b${found.name}\\b`).test(names)) throw new Error(`engine/index.ts: has no ${found.name}`);
    return [found];
  });
}

/** What a role may say of each of them besides. */
export function resourceOptions(): readonly Member[] {
  return membersOf(`${FOLDER}/resource.ts`, "ResourceOptions");
}

/** Returns docs/resources.md. */
export function resourcesPage(): string {
  return [
    "# Resource types",
    "",
    "Made by `npm run generate` from the types in `engine/resource/`: edit those. [writing-a-role.md](writing-a-role.md) shows how they are used,",
    "[writing-a-resource.md](writing-a-resource.md) how another type is made. All are imported from `hostwright`.",
    "",
    "`Text` is a string or a `Secret`, which no report shows. `Script` is what the tag sh makes, as in ``sh`systemctl reload nginx` ``. An",
    "argument with a `?` may be left out.",
    "",
    ...resourceTypes().flatMap(sectionOf),
    "## options",
    "",
    'The second argument of each, such as `{ tags: ["web"], notify: ["reload nginx"] }`:',
    "",
    ...tableOf(resourceOptions()),
    "",
  ].join("\n");
}

function typeOf(file: string, desired: string): Documented {
  const path = `${FOLDER}/${file}.ts`;
  const source = read(path);
  const [, doc = "", name, reported] =
    /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport const (\w+) = defineResource(?:<[^\n]*>)?\((?:\{\n {2}name: "([\w-]+)",\n)?/.exec(
      source,
    ) ?? [];
  if (name === undefined)
    throw new Error(`${path}: found no documented "export const … = defineResource", expected one`);
  const home = homeOf(source, path, desired);
  const members = membersOf(home, desired);
  const parts = partsOf(home, desired, members).map((part) => ({ name: part, members: membersOf(home, part) }));
  return { name, reported: reported ?? nameOfType(source, path), doc: proseOf(doc), members, parts };
}

/** Of a type whose five functions stand in a constant of their own. */
function nameOfType(source: string, path: string): string {
  const name = /: ResourceType<[^\n]*> = \{\n {2}name: "([\w-]+)",\n/.exec(source)?.[1];
  if (name === undefined) throw new Error(`${path}: found no name of the resource type, expected it first`);
  return name;
}

/** The file that declares the interface: the type's own, or one that it is re-exported from. */
function homeOf(source: string, path: string, name: string): string {
  if (source.includes(`export interface ${name} {`)) return path;
  const from = new RegExp(`export type \\{[^}]*\\b${name}\\b[^}]*\\} from "\\./([\\w-]+)\\.ts"`).exec(source)?.[1];
  if (from === undefined) throw new Error(`${path}: found no ${name}, expected it declared or re-exported`);
  return `${FOLDER}/${from}.ts`;
}

function partsOf(home: string, desired: string, members: readonly Member[]): readonly string[] {
  const declared = [...read(home).matchAll(/^export interface (\w+) \{$/gm)].map(([, name = ""]) => name);
  return declared.filter(
    (name) => name !== desired && members.some(({ type }) => new RegExp(`\\b${name}\\b`).test(type)),
  );
}

function sectionOf({ name, reported, doc, members, parts }: Documented): readonly string[] {
  const called = members.map((member) => `${member.name}${member.isRequired ? "" : "?"}`).join(", ");
  return [
    `## ${name}`,
    "",
    doc,
    ...(reported === name ? [] : [`Reports call it \`${reported}\`.`]),
    "",
    `\`${name}({ ${called} }, options?)\``,
    "",
    ...tableOf(members),
    "",
    ...parts.flatMap((part) => [`A \`${part.name}\` has:`, "", ...tableOf(part.members), ""]),
  ];
}

function tableOf(rows: readonly Member[]): readonly string[] {
  const cell = (text: string) => text.replaceAll("|", "\\|");
  return [
    "| argument | type | required | what it is |",
    "|---|---|---|---|",
    ...rows.map(
      ({ name, type, isRequired, doc }) =>
        `| \`${name}\` | \`${cell(type)}\` | ${isRequired ? "yes" : "no"} | ${cell(doc)} |`,
    ),
  ];
}

function read(path: string): string {
  return readFileSync(path, "utf8");
}
