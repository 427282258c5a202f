import { spawn } from "node:child_process";
import { once } from "node:events";

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The option of Node by which TypeScript runs from its sources. */
export const typescript = `--import=${new URL("typescript.mjs", import.meta.url).href}`;

/** The option of Node by which the product's own programs start. */
export const launcher = "--import=hostwright/launch";

/** Runs `playbooks/NAME.mts` as a user would, with this on stdin and these variables besides our own environment. */
export function runProgram(name: string, args: readonly string[], outside: Outside = {}): Promise<Ended> {
  return runFile(`playbooks/${name}.mts`, args, outside);
}

interface Outside {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** By the launcher: the product's own unless told, a test's own from its sources. */
  readonly launch?: boolean;
}

/** The same for any file. */
export async function runFile(
  file: string,
  args: readonly string[],
  { input = "", env = {}, launch = file.startsWith("playbooks/") }: Outside = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [launch ? launcher : typescript, file, ...args], {
    env: { ...process.env, HOSTWRIGHT_INVENTORY: "", NO_COLOR: "1", ...env },
  });
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      output[stream] += text;
    });
  child.stdin.on("error", () => {}).end(input);
  const [code] = await once(child, "close");
  return { code, ...output };
}
