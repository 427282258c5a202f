import { spawn } from "node:child_process";
import { once } from "node:events";

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `playbooks/NAME.mts` as a user would, with this on stdin and these variables besides our own environment. */
export function runProgram(name: string, args: readonly string[], outside: Outside = {}): Promise<Ended> {
  return runFile(`playbooks/${name}.mts`, args, outside);
}

interface Outside {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The same for any file. */
export async function runFile(
  file: string,
  args: readonly string[],
  { input = "", env = {} }: Outside = {},
): Promise<Ended> {
  const child = spawn(process.execPath, ["--import=tsx", file, ...args], {
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
