import { accessSync, constants, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";

const searched = (process.env.PATH ?? "").split(":");

/** The first file of this name that is on the path; undefined where there is none. */
export function which(name: string): string | undefined {
  return searched
    .map((folder) => `${folder}/${name}`)
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Leaves only these tools on the path of this test, and one to ask with, under a name. */
export function restrict(t: Test, tools: readonly string[], client: string | undefined, as: string): void {
  const dir = mkdtempSync(join(tmpdir(), "tools-"));
  const path = process.env.PATH;
  for (const tool of tools) {
    const file = which(tool);
    if (file) symlinkSync(file, `${dir}/${tool}`);
  }
  if (client) symlinkSync(client, `${dir}/${as}`);
  process.env.PATH = dir;
  t.teardown(() => {
    process.env.PATH = path;
    rmSync(dir, { recursive: true });
  });
}

/** Programs that ask for URLs, as hosts have them: what they are called here, where they are, and their name on the path. */
export const clients = [
  ["curl", which("curl"), "curl"],
  ["wget", which("wget"), "wget"],
  ["busybox wget", which("busybox"), "wget"],
] as const;
