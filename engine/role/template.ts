import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { HelperOptions } from "handlebars";
import { parseDocument } from "yaml";
import { type CodePlace, PlacedError } from "../resource/resource.ts";
import { Secret, type Text } from "../shell/secret.ts";
import { FormatError, formats } from "./format.ts";

/** A template that cannot be read or rendered. */
export class TemplateError extends PlacedError {}

/** Renders the template of this path; the result is a `Secret` when one of the values is. Throws `TemplateError`. */
export type Template = (path: string, values: Readonly<Record<string, unknown>>) => Text;

/** Returns the function that renders the templates below a folder, such as `new URL("../templates/", import.meta.url)`. */
export function templatesIn(folder: URL): Template {
  const shown = relative(process.cwd(), fileURLToPath(folder));
  const compiled = new Map<string, (values: Values) => Text>();
  return (path, values) => {
    const known =
      compiled.get(path) ?? compile(join(shown, path), readSource(new URL(path, folder), join(shown, path)));
    compiled.set(path, known);
    return known(values);
  };
}

type Values = Readonly<Record<string, unknown>>;

/** Renders a template's source; `path` is for messages, and its ending says what the result must parse as. */
export function render(path: string, source: string, values: Values): Text {
  return compile(path, source)(values);
}

/** Returns the function that renders a source: compiled at its first use, once however many hosts have the file. */
function compile(path: string, source: string): (values: Values) => Text {
  let secret: Secret | undefined;
  // Handlebars' own strict mode looks at `{{x}}` only, which is refused below, and not at what a helper is given.
  const checkGiven = (value: unknown, { loc }: Node) => {
    if (value === undefined)
      throw new TemplateError(placeAt(path, loc), {
        found: textAt(source, loc),
        expected: "a value that the role gives",
      });
  };
  const Handlebars: typeof import("handlebars") = createRequire(import.meta.url)("handlebars");
  const engine = Handlebars.create();
  const { each } = engine.helpers;
  engine.registerHelper("each", function (this: unknown, value: unknown, node: Node & HelperOptions) {
    checkGiven(value, node);
    return each?.call(this, value, node);
  });
  for (const [name, format] of Object.entries(formats)) {
    engine.registerHelper(name, (value: unknown, node: Node) => {
      checkGiven(value, node);
      if (value instanceof Secret) secret = value;
      const plain = value instanceof Secret ? value.reveal() : value;
      try {
        return format(plain, textBefore(source, node.loc));
      } catch (cause) {
        if (!(cause instanceof FormatError)) throw cause;
        const found = `${cause.message} in ${textAt(source, node.loc)}`;
        throw new TemplateError(placeAt(path, node.loc), { found, expected: "one line of plain text" }, { cause });
      }
    });
  }
  const template = inContext(path, () => {
    const parsed = engine.parse(source);
    refuseBareValues(path, parsed.body);
    return engine.compile(parsed, { noEscape: true });
  });
  // A host is planned more than once, and most hosts alike: what was found readable is not read again.
  const readable = new Set<string>();
  return (values) => {
    secret = undefined;
    const text = inContext(path, () => template(values));
    if (!readable.has(text)) checkSyntax(path, text);
    readable.add(text);
    return secret ? new Secret(text, `template ${path}`) : text;
  };
}

function readSource(url: URL, path: string): string {
  try {
    return readFileSync(url, "utf8");
  } catch (cause) {
    throw new TemplateError({ file: path }, { found: "no such file", expected: "the template" }, { cause });
  }
}

function inContext<T>(path: string, render: () => T): T {
  try {
    return render();
  } catch (cause) {
    throw cause instanceof TemplateError ? cause : brokenTemplate(path, cause);
  }
}

/** What Handlebars says of a source, with the line where it does. */
function brokenTemplate(path: string, cause: unknown): TemplateError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const [, line, column] = /- (\d+):(\d+)$/.exec(message) ?? /(?:on|at) line (\d+)/.exec(message) ?? [];
  const token = /got '(\w+)'$/.exec(message)?.[1];
  const found = token === undefined ? (message.split("\n")[0] ?? "").replace(/ - \d+:\d+$/, "") : `unexpected ${token}`;
  const place = { file: path, line: numbered(line), column: numbered(column) };
  return new TemplateError(place, { found: `broken Handlebars (${found})`, expected: "a template" }, { cause });
}

function numbered(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits);
}

interface Node {
  readonly type: string;
  readonly loc: { readonly start: Position; readonly end: Position };
}

interface Position {
  readonly line: number;
  readonly column: number;
}

interface Statement extends Node {
  readonly path?: { readonly original: unknown };
  readonly params?: readonly unknown[];
  readonly program?: { readonly body: readonly Node[] };
  readonly inverse?: { readonly body: readonly Node[] };
}

function refuseBareValues(path: string, body: readonly Node[]): void {
  for (const node of body as readonly Statement[]) {
    const name = String(node.path?.original);
    if (node.type === "MustacheStatement" && (!(name in formats) || node.params?.length !== 1)) {
      const words = Object.keys(formats).map((format) => `{{${format} …}}`);
      throw new TemplateError(placeAt(path, node.loc), {
        found: `{{${name}}}`,
        expected: `a format: ${words.join(", ")}`,
      });
    }
    refuseBareValues(path, [...(node.program?.body ?? []), ...(node.inverse?.body ?? [])]);
  }
}

function placeAt(path: string, { start }: Node["loc"]): CodePlace {
  return { file: path, line: start.line, column: start.column + 1 };
}

function textBefore(source: string, { start }: Node["loc"]): string {
  const lines = source.split("\n").slice(0, start.line);
  return [...lines.slice(0, -1), (lines.at(-1) ?? "").slice(0, start.column)].join("\n");
}

function textAt(source: string, { start, end }: Node["loc"]): string {
  return (source.split("\n")[start.line - 1] ?? "").slice(
    start.column,
    end.line === start.line ? end.column : undefined,
  );
}

/** A rendered file that its own format cannot read is not sent. */
function checkSyntax(path: string, text: string): void {
  const isYaml = /\.(ya?ml|json)\.hbs$/.test(path);
  const [error] = isYaml ? parseDocument(text).errors : [];
  if (error)
    throw new TemplateError(
      { file: path },
      {
        found: `a result that cannot be read (${error.message.split(" at line")[0]})`,
        expected: "YAML",
      },
    );
}
