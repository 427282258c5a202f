import { type Document, isScalar, LineCounter, type Node, parseDocument, type Scalar, visit } from "yaml";
import { indented, misplacedIn } from "./yaml-indent.ts";

/** What is wrong with a text, where in it. */
interface Fault {
  readonly code: string;
  readonly message: string;
  readonly offset: number;
}

/** A text as PyYAML, and so Ansible, reads it. */
export interface YamlText {
  /** Ranges of its nodes count in the text as it was given. Every scalar is text. */
  readonly document: Document;
  /** The first fault; undefined where there is none. */
  readonly fault: Fault | undefined;
  position(offset: number): { readonly line: number; readonly column: number };
}

/**
 * Parses one YAML document. The yaml package holds quoted text and brackets to an indentation that YAML asks for and PyYAML
 * does not: lines that stand too far left are moved for it, and places are given as if they had not been.
 */
export function parseYaml(text: string): YamlText {
  const { shifts, open } = misplacedIn(text);
  const moved = indented(text, shifts);
  const document = compose(moved);
  const [lines, movedLines] = [linesOf(text), linesOf(moved)];
  const original = (offset: number) => {
    const { line, col } = movedLines.linePos(offset);
    return (lines.lineStarts[line - 1] ?? 0) + Math.max(0, col - 1 - (shifts.get(line - 1) ?? 0));
  };
  visit(document, {
    Node(_, node: Node) {
      const [start, end, after] = node.range ?? [0, 0, 0];
      node.range = [original(start), original(end), original(after)];
      if (isScalar(node)) readToTheEnd(node, text);
    },
  });
  const position = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const fault = open === undefined ? faultOf(document, original) : { code: "OPEN_QUOTE", message: "", offset: open };
  return { document, fault, position };
}

function compose(text: string): Document {
  // "failsafe" leaves every scalar as text: what it means is decided in tag.ts, as PyYAML decides it.
  return parseDocument(text, { schema: "failsafe", uniqueKeys: false, prettyErrors: false });
}

function linesOf(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (const { index } of text.matchAll(/\n/g)) lines.addNewLine(index + 1);
  return lines;
}

function faultOf({ errors }: Document, original: (offset: number) => number): Fault | undefined {
  // `"x"#y` is a text and a comment to PyYAML.
  const error = errors.find(({ message }) => !message.startsWith("Comments must be separated"));
  return error && { code: error.code, message: error.message, offset: original(error.pos[0]) };
}

/** A block whose last line ends with the file, not with a line break, has none to keep. */
function readToTheEnd(scalar: Scalar, text: string): void {
  const isBlock = scalar.type === "BLOCK_LITERAL" || scalar.type === "BLOCK_FOLDED";
  if (!isBlock || scalar.range?.[1] !== text.length || text.endsWith("\n")) return;
  const value = String(scalar.value);
  const isBlank = !/\S/.test(text.slice(text.lastIndexOf("\n") + 1));
  if (isBlank && !/\n[ \t]+\n$/.test(value)) return;
  scalar.value = value.replace(/\n$/, "");
  scalar.source = value.replace(/\n$/, "");
}
