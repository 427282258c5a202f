import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Env } from "../inventory/env.ts";
import { UsageError } from "./options.ts";

/** Exit codes of a program that a signal ended. */
const SIGNALS = { SIGHUP: 129, SIGTERM: 143 } as const;

/**
 * Lets `$VISUAL` or `$EDITOR` (else vi) edit a text in a file that only its owner can read, and returns it. The file is
 * gone afterwards, also when this program is ended meanwhile. Throws `UsageError` when the editor fails.
 */
export async function editText(text: string, name: string, env: Env): Promise<string> {
  const folder = await mkdtemp(join(env.XDG_RUNTIME_DIR || tmpdir(), "hostwright-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const ignore = () => {};
  const handlers = Object.entries(SIGNALS).map(([signal, code]) => {
    const handler = () => {
      remove();
      process.exit(code);
    };
    return [signal, handler] as const;
  });
  // Ctrl-C is the editor's while it runs.
  process.on("SIGINT", ignore);
  for (const [signal, handler] of handlers) process.on(signal, handler);
  try {
    const file = join(folder, name.replaceAll("/", "_"));
    await writeFile(file, text, { mode: 0o600 });
    await runEditor(file, env);
    return (await readFile(file, "utf8")).replace(/\r?\n$/, "");
  } finally {
    remove();
    process.off("SIGINT", ignore);
    for (const [signal, handler] of handlers) process.off(signal, handler);
  }
}

async function runEditor(file: string, env: Env): Promise<void> {
  const editor = env.VISUAL || env.EDITOR || "vi";
  const child = spawn("sh", ["-c", `${editor} "$1"`, "sh", file], { stdio: "inherit" });
  const [code, signal] = await once(child, "exit");
  if (code !== 0) throw new UsageError(`the editor (${editor}) ended with ${code ?? signal}, nothing was changed`);
}
