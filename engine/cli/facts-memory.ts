import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { FactsMemory } from "../facts/memory.ts";
import { connectionVars } from "../inventory/connection-vars.ts";
import type { Host } from "../inventory/inventory.ts";
import { sha256 } from "../resource/file.ts";

/**
 * Returns the facts of hosts that are reached over SSH, a file each below the user's cache folder (XDG Base Directory 0.8). It may be
 * deleted at any time: then the next run asks twice.
 */
export function factsMemory({ XDG_CACHE_HOME }: NodeJS.ProcessEnv): FactsMemory<Host> {
  const folder = join(XDG_CACHE_HOME || join(homedir(), ".cache"), "hostwright", "facts");
  return {
    async recall(host) {
      const path = pathOf(host, folder);
      if (path === undefined) return undefined;
      try {
        return JSON.parse(await readFile(path, "utf8"));
      } catch {
        // Not there, or not whole: nothing is known.
        return undefined;
      }
    },
    async keep(host, facts) {
      const path = pathOf(host, folder);
      if (path === undefined) return;
      const draft = `${path}.${randomUUID()}`;
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeFile(draft, JSON.stringify(facts), { mode: 0o600 });
        await rename(draft, path);
      } catch {
        // A home that cannot be written to costs time only.
      }
    },
  };
}

/** By name and place. Undefined for this machine, which is asked fast. */
function pathOf(host: Host, folder: string): string | undefined {
  const { connection, address, port, user } = connectionVars(host);
  if (connection === "local") return undefined;
  return join(folder, `${sha256(JSON.stringify([host.name, address, port, user]))}.json`);
}
