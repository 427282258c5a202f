import { harmless } from "./terminal.ts";

/** An element with its attributes (those without a value are left out), and its children or its text. */
export interface Element {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string | number | undefined>>;
  readonly children?: readonly Element[];
  readonly text?: string;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  // A parser turns these into blanks where they stand in an attribute as they are.
  "\n": "&#10;",
  "\t": "&#9;",
};

/** The element as an XML document. Characters that XML cannot hold are spelled out, as in "\x1b". */
export function xmlDocument(root: Element): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${render(root, "", () => "/>")}\n`;
}

/** Elements of HTML that have no end. */
const VOID: ReadonlySet<string> = new Set(["meta", "br"]);

/** The element, `html` with all in it, as a page. A style must do without the characters that are escaped. */
export function htmlDocument(root: Element): string {
  return `<!doctype html>\n${render(root, "", (name) => (VOID.has(name) ? ">" : `></${name}>`))}\n`;
}

/** `close` ends an element in which nothing is. */
function render(
  { name, attributes = {}, children = [], text }: Element,
  indent: string,
  close: (name: string) => string,
): string {
  const pairs = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${escapeText(`${value}`).replace(/[\n\t]/g, escapeChar)}"`],
  );
  const head = `${indent}<${name}${pairs.join("")}`;
  if (text !== undefined) return `${head}>${escapeText(text)}</${name}>`;
  if (children.length === 0) return `${head}${close(name)}`;
  return [`${head}>`, ...children.map((child) => render(child, `${indent}  `, close)), `${indent}</${name}>`].join(
    "\n",
  );
}

function escapeText(text: string): string {
  const lines = text
    .split("\n")
    .map((line) => harmless(line).replace(/[\uFFFE\uFFFF]/g, (char) => (char === "\uFFFE" ? "\\ufffe" : "\\uffff")));
  return lines.join("\n").replace(/[&<>"']/g, escapeChar);
}

function escapeChar(char: string): string {
  return ESCAPES[char] ?? char;
}
