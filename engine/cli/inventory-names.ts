import { execFile } from "node:child_process";
import { basename, dirname, resolve } from "node:path";
import { promisify } from "node:util";
import { operator } from "./program.ts";

const run = promisify(execFile);

/**
 * Returns what each inventory file is called wherever it is run from: the remote of its git checkout and its path in there, so
 * that all checkouts say the same and another repository's `hosts.yml` does not; else whose machine it is on, and the whole path.
 */
export async function inventoryNames(files: readonly string[]): Promise<readonly string[]> {
  return Promise.all(files.map(nameOf));
}

async function nameOf(file: string): Promise<string> {
  const path = resolve(file);
  const git = async (...args: readonly string[]) => (await run("git", ["-C", dirname(path), ...args])).stdout.trim();
  try {
    const [remote, folder] = await Promise.all([
      git("config", "--get", "remote.origin.url"),
      git("rev-parse", "--show-prefix"),
    ]);
    return `${withoutLogin(remote)} ${folder}${basename(path)}`.replace(/\s+/g, " ");
  } catch {
    // No git, no checkout, or one without a remote.
    return `${operator()} ${path}`.replace(/\s+/g, " ");
  }
}

/** `https://user:token@host/x.git` without what logs in. */
function withoutLogin(remote: string): string {
  return remote.replace(/^(\w+:\/\/)[^@/]*@/, "$1");
}
