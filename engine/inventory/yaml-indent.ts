import { CST, Lexer } from "yaml";

/** How many spaces are missing before each line, by its index. */
export type Shifts = ReadonlyMap<number, number>;

/** What of a text stands too far left for the yaml package. */
export interface Misplaced {
  readonly shifts: Shifts;
  /** Where quoted text begins that has no end, or has more behind its end. */
  readonly open: number | undefined;
}

/** Returns the lines of quoted text and of brackets that stand too far left. Values do not change when they are moved. */
export function misplacedIn(text: string): Misplaced {
  const shifts = new Map<number, number>();
  let from = 0;
  for (;;) {
    const moved = indented(text, shifts);
    const start = firstCut(moved, from);
    const end = start === undefined ? undefined : endOf(moved, start);
    const more = start === undefined || end === undefined ? [] : missing(moved, start, end);
    for (const [line, count] of more) shifts.set(line, (shifts.get(line) ?? 0) + count);
    // What stands before that line has been looked at.
    from = lineStart(moved, start ?? 0);
    if (more.length > 0) continue;
    const isQuote = start !== undefined && end === undefined && /["']/.test(moved.charAt(start));
    return { shifts, open: isQuote ? start - added(moved, start, shifts) : undefined };
  }
}

/** Returns the text with those spaces before its lines. */
export function indented(text: string, shifts: Shifts): string {
  if (shifts.size === 0) return text;
  const lines = text.split("\n");
  return lines.map((line, index) => " ".repeat(shifts.get(index) ?? 0) + line).join("\n");
}

/** Spaces that were added up to there. */
function added(moved: string, offset: number, shifts: Shifts): number {
  const line = lineOf(moved, offset);
  return [...shifts].reduce((sum, [index, count]) => sum + (index <= line ? count : 0), 0);
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length - 1;
}

function lineStart(text: string, offset: number): number {
  return text.slice(0, offset).lastIndexOf("\n") + 1;
}

/** Every line of the value has to stand at least below its first character. */
function missing(text: string, start: number, end: number): readonly (readonly [line: number, count: number])[] {
  const first = lineOf(text, start);
  const column = start - lineStart(text, start);
  const below = text.slice(start, end).split("\n").slice(1);
  return below
    .map((line, index) => [first + 1 + index, column - indentOf(line, column)] as const)
    .filter(([, count]) => count > 0);
}

// An empty line needs no indentation, and a marker between documents ends every value.
function indentOf(line: string, otherwise: number): number {
  return /^\s*$|^(?:---|\.\.\.)(?:\s|$)/.test(line) ? otherwise : line.search(/[^ ]/);
}

interface Token {
  readonly text: string;
  readonly offset: number;
  /** What brackets are open behind it. */
  readonly depth: number;
}

/** The tokens of a text that are no plain or block text. */
function* tokensOf(text: string): Generator<Token> {
  let offset = 0;
  let depth = 0;
  let isText = false;
  for (const token of new Lexer().lex(text)) {
    const isMark: boolean = !isText && [CST.DOCUMENT, CST.FLOW_END, CST.SCALAR].includes(token);
    if (!isText && /^[[{]$/.test(token)) depth += 1;
    if (!isText && /^[\]}]$/.test(token)) depth -= 1;
    if (!isText) yield { text: token, offset, depth };
    isText = isMark && token === CST.SCALAR;
    offset += isMark ? 0 : token.length;
  }
}

/** Where the first quoted text or outermost bracket begins, in or behind this line, that the lexer cuts short. */
function firstCut(text: string, from: number): number | undefined {
  let open: number | undefined;
  for (const token of tokensOf(text.slice(from))) {
    if (token.depth > 0) open ??= token.offset;
    if (isCut(token)) return from + (open ?? token.offset);
    if (token.depth === 0) open = undefined;
  }
  return undefined;
}

/** Where the value ends that begins there; undefined where it does not, or more stands behind it. */
function endOf(text: string, start: number): number | undefined {
  // What begins a document is held to no indentation.
  const rest = text.slice(start);
  for (const token of tokensOf(rest)) {
    if (isCut(token)) return undefined;
    if (token.text === CST.DOCUMENT || token.depth > 0) continue;
    const end = token.offset + token.text.length;
    return /^[ \t]*(?:#.*)?\r?(?:\n|$)/.test(rest.slice(end)) ? start + end : undefined;
  }
  return undefined;
}

function isCut({ text }: Token): boolean {
  return text === CST.FLOW_END || (/^["']/.test(text) && !isClosed(text));
}

function isClosed(quoted: string): boolean {
  return /^"[^"\\]*(?:\\[\s\S][^"\\]*)*"$|^'[^']*(?:''[^']*)*'$/.test(quoted);
}
