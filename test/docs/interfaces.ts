import { readFileSync } from "node:fs";

/** A member of an interface, as its source declares it. */
export interface Member {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly doc: string;
}

// A comment, a quoted text, or one character that opens, closes or ends something.
const TOKEN = /\/\*[\s\S]*?\*\/|\/\/.*|"(?:[^"\\\n]|\\.)*"|=>|[[\](){}<>;]/g;
const CLOSES: Readonly<Record<string, string>> = { "[": "]", "(": ")", "{": "}", "<": ">" };

const MEMBER = /^(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?readonly (\w+)(\?)?: ([\s\S]+)$/;

/**
 * Returns the members of an interface that a file exports, in their order. TypeScript 7 has no JavaScript API, so the text
 * is read; throws, with file and line, on what is not `readonly NAME: TYPE;` with a doc comment at most.
 */
export function membersOf(path: string, name: string, source = readFileSync(path, "utf8")): readonly Member[] {
  const head = `export interface ${name} {\n`;
  const start = source.indexOf(head);
  if (start < 0) throw new Error(`${path}: found no "${head.trim()}", expected one`);
  const from = start + head.length;
  return statementsOf(source, from, path).map(({ text, at }) => {
    const [, doc = "", member, optional, type] = MEMBER.exec(text) ?? [];
    if (member === undefined || type === undefined || type.includes("/*") || type.includes("//"))
      throw unknown(path, source, at, `interface ${name}: found ${quoted(text)}, expected readonly NAME: TYPE;`);
    const plain = oneLine(type).replace(/ \| undefined$/, "");
    return { name: member, type: plain, isRequired: optional === undefined, doc: proseOf(doc) };
  });
}

/** What stands between semicolons from here to the brace that closes. */
function statementsOf(source: string, from: number, path: string): readonly { text: string; at: number }[] {
  const found: { text: string; at: number }[] = [];
  const open: string[] = [];
  let begin = from;
  for (const { 0: token, index } of source.slice(from).matchAll(TOKEN)) {
    const at = from + index;
    const closing = CLOSES[token];
    if (closing !== undefined) open.push(closing);
    else if (token === open.at(-1)) open.pop();
    else if (token === ";" && open.length === 0) {
      const text = source.slice(begin, at);
      found.push({ text: text.trim(), at: begin + text.search(/\S|$/) });
      begin = at + 1;
    } else if (token === "}" && open.length === 0) {
      const rest = source.slice(begin, at).trim();
      if (rest === "") return found;
      throw unknown(
        path,
        source,
        begin + source.slice(begin).search(/\S/),
        `found ${quoted(rest)} without ";" at its end`,
      );
    } else if (/^[\])}>]$/.test(token)) throw unknown(path, source, at, `found "${token}", which nothing opens`);
  }
  throw unknown(path, source, from, "found no end of the interface");
}

/** A doc comment's text as one line. */
export function proseOf(doc: string): string {
  return doc.replaceAll(/\s*\n\s*\* ?/g, " ").trim();
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

function quoted(text: string): string {
  return JSON.stringify(text.split("\n", 1)[0]);
}

function unknown(path: string, source: string, at: number, what: string): Error {
  return new Error(`${path}:${source.slice(0, at).split("\n").length}: ${what}`);
}
