import { UsageError } from "./options.ts";
import { askPassword } from "./program.ts";

/** Returns what comes on stdin, or what is typed twice on a terminal; one line break at the end is not part of it. */
export async function readHidden(what: string): Promise<string> {
  const value = process.stdin.isTTY ? await askTwice(what) : await readAll();
  if (value !== "") return value;
  throw new UsageError({ found: "nothing on stdin", expected: `the ${what}` });
}

async function askTwice(what: string): Promise<string> {
  const value = (await askPassword(`${what} (not shown): `)).reveal();
  if (value === (await askPassword("again: ")).reveal()) return value;
  throw new UsageError({ found: "two different answers", expected: `the same ${what} twice` });
}

async function readAll(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
}
