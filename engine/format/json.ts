/** Deeper than this no configuration is, and a host is not to fill our stack. */
const MAX_DEPTH = 100;

const SPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/uy;
const OTHER = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

/** What is not as it has to be, and where: an offset in the text. */
class Problem extends Error {
  readonly at: number;

  constructor(at: number, expected: string) {
    super(`expected ${expected}`);
    this.at = at;
  }
}

/**
 * Returns what keeps this text from being JSON that can be written anew without a loss, with its line and column; undefined where
 * nothing does. `JSON.parse` does not always say where, drops all entries of one name but the last, and rounds long numbers.
 */
export function jsonProblem(text: string): string | undefined {
  try {
    const end = skip(text, value(text, 0, 0));
    if (end < text.length) throw new Problem(end, "the end");
    return undefined;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const before = text.slice(0, error.at).split("\n");
    return `line ${before.length}, column ${(before.at(-1) ?? "").length + 1}: ${error.message}`;
  }
}

/** Each of these returns where what it reads ends. */
function value(text: string, from: number, depth: number): number {
  const at = skip(text, from);
  if (depth > MAX_DEPTH) throw new Problem(at, `no more than ${MAX_DEPTH} objects and lists in each other`);
  if (text[at] === "[") return items(text, at + 1, "]", (start) => value(text, start, depth + 1));
  if (text[at] === "{") {
    const names = new Set<string>();
    return items(text, at + 1, "}", (start) => entry(text, start, names, depth + 1));
  }
  const end = match(STRING, text, at) ?? match(OTHER, text, at);
  if (end === undefined) throw new Problem(at, "a value");
  if (isRounded(text.slice(at, end))) throw new Problem(at, "a number of fewer digits");
  return end;
}

function entry(text: string, at: number, names: Set<string>, depth: number): number {
  const end = match(STRING, text, at);
  if (end === undefined) throw new Problem(at, "a name in double quotes");
  const name: string = JSON.parse(text.slice(at, end));
  if (names.has(name)) throw new Problem(at, `the name ${JSON.stringify(name)} once`);
  names.add(name);
  const colon = skip(text, end);
  if (text[colon] !== ":") throw new Problem(colon, '":"');
  return value(text, colon + 1, depth);
}

function items(text: string, from: number, close: string, one: (at: number) => number): number {
  let at = skip(text, from);
  if (text[at] === close) return at + 1;
  for (;;) {
    at = skip(text, one(at));
    if (text[at] === close) return at + 1;
    if (text[at] !== ",") throw new Problem(at, `"," or "${close}"`);
    at = skip(text, at + 1);
  }
}

function isRounded(word: string): boolean {
  return /^-?\d+$/.test(word)
    ? !Number.isSafeInteger(Number(word))
    : !Number.isFinite(Number(word)) && /^-?\d/.test(word);
}

function skip(text: string, at: number): number {
  return match(SPACE, text, at) ?? at;
}

function match(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
