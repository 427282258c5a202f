import { dirname, resolve } from "node:path";
import { limit } from "../connection/limit.ts";
import type { Host, Inventory } from "../inventory/inventory.ts";
import { lockReleases, type ReleaseLock, readReleaseLock } from "../inventory/release-lock.ts";
import type { WantedRelease } from "../role/role.ts";

/** Returns the hashes that a host's lock file has, with those that are missing read from their releases' own checksum files. */
export type Releases = (host: Host, wanted: readonly WantedRelease[]) => Promise<ReleaseLock>;

/** Returns a reader of lock files; what it had to look up is written down with `save`. One at a time: hosts share a file. */
export function releaseLocks(inventory: Inventory, save: boolean): Releases {
  const queue = limit(1);
  const found = new Map<string, ReleaseLock>();
  return (host, wanted) =>
    queue(async () => {
      const path = lockPath(host, inventory);
      const lock = await lockReleases(path, wanted, save, found.get(path));
      found.set(path, lock);
      return lock;
    });
}

/** Throws `InventoryError` where a lock file of these hosts cannot be read: that is said before anybody is contacted. */
export async function checkLocks(hosts: readonly Host[], inventory: Inventory): Promise<void> {
  await Promise.all([...new Set(hosts.map((host) => lockPath(host, inventory)))].map(readReleaseLock));
}

/** `release_lock` of the host, relative to the file that says so; else `releases.lock.json` beside the inventory. */
function lockPath(host: Host, inventory: Inventory): string {
  const { release_lock: path } = host.vars;
  const from = typeof path === "string" ? host.place(["release_lock"])?.file : inventory.files[0];
  return resolve(dirname(resolve(from ?? ".")), typeof path === "string" ? path : "releases.lock.json");
}
