import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";

/** Why tests with an ssh-agent are skipped; false where it is there. */
export const noAgent = !existsSync("/usr/bin/ssh-agent") && "no ssh-agent here";

/** Starts a real ssh-agent that holds these keys, and ends with the test; returns its socket. */
export async function agent(t: Test, dir: string, keys: readonly string[]): Promise<string> {
  // A test's own folder may be too deep: a socket's path ends after 108 bytes.
  const folder = mkdtempSync(join(tmpdir(), "agent-"));
  const socket = join(folder, "sock");
  const child: ChildProcess = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  t.teardown(() => {
    child.kill();
    rmSync(folder, { recursive: true });
  });
  while (!existsSync(socket)) await new Promise((resolve) => setImmediate(resolve));
  for (const key of keys) tellAgent(socket, "-q", `${dir}/${key}`);
  return socket;
}

/** Runs `ssh-add` with these arguments. */
export function tellAgent(socket: string, ...args: readonly string[]): void {
  execFileSync("ssh-add", args, { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: "ignore" });
}
