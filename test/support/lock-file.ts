import { readFileSync } from "node:fs";

/** A package as package-lock.json has it. */
export interface LockedPackage {
  readonly name: string;
  readonly path: string;
  readonly version: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly license?: string;
  /** Only tests and tools of development use it. */
  readonly dev?: boolean;
  /** A workspace of this repository. */
  readonly link?: boolean;
}

type Entry = Omit<LockedPackage, "name" | "path"> & { readonly name?: string };

/** Returns all packages of a lock file, the workspaces left out. */
export function lockedPackages(path = "package-lock.json"): readonly LockedPackage[] {
  const { packages } = JSON.parse(readFileSync(path, "utf8")) as { packages: Readonly<Record<string, Entry>> };
  return Object.entries(packages)
    .filter(([path, { link }]) => path.includes("node_modules/") && link !== true)
    .map(([path, entry]) => ({
      ...entry,
      path,
      name: entry.name ?? path.slice(path.lastIndexOf("node_modules/") + 13),
    }));
}

/** The same for those that run in production. */
export function productionPackages(): readonly LockedPackage[] {
  return lockedPackages().filter(({ dev }) => dev !== true);
}
