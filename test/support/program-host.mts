// Runs programs one after the other in this process, each as if node had been started with it: its own arguments,
// variables and streams. A start costs a second of compiling, and tables of command lines have many.
import { pathToFileURL } from "node:url";
import type { Ended } from "./program.ts";

/** A program to run, sent by the parent. */
export interface Start {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const env = { ...process.env };
let runs = 0;
// Each run listens to the streams until its process ends, which it does not here.
for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(0);

process.on("message", async (start: Start) => {
  process.send?.(await run(start));
});

async function run({ file, args, env: more }: Start): Promise<Ended> {
  process.argv = [process.execPath, file, ...args];
  process.env = { ...env, ...more };
  process.exitCode = undefined;
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    process[name].write = (text: string | Uint8Array) => {
      output[name] += text;
      return true;
    };
  try {
    runs += 1;
    // The query makes it a module that was not run before; playbooks wait for their run at the top level.
    await import(`${pathToFileURL(file)}?run=${runs}`);
  } catch (error) {
    // What node does with an error that nobody caught.
    output.stderr += error instanceof Error ? error.stack : error;
    process.exitCode = 1;
  }
  return { code: Number(process.exitCode ?? 0), ...output };
}
