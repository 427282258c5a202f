import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { attempt } from "../command.ts";

const SOURCES = "/etc/apt";

/** The Debian mirror and proxy that this machine's own apt uses, or Debian's own address. */
export interface Mirror {
  readonly main: string;
  readonly security: string;
  readonly proxy: string;
}

/** Reads apt's sources. On a machine without Debian's it is deb.debian.org. */
export async function findMirror(): Promise<Mirror> {
  const text = sourceFiles()
    .map((path) => readFileSync(path, "utf8"))
    .join("\n")
    .replaceAll(/^\s*#.*$/gm, "");
  const proxy = await attempt(["apt-config", "shell", "PROXY", "Acquire::http::Proxy"]);
  return {
    main: /https?:\/\/\S+\/debian\/?(?=\s|$)/m.exec(text)?.[0] ?? "http://deb.debian.org/debian",
    security: /https?:\/\/\S+\/debian-security\/?(?=\s|$)/m.exec(text)?.[0] ?? "http://deb.debian.org/debian-security",
    proxy: /^PROXY='(.+)'$/m.exec(proxy.stdout)?.[1] ?? "",
  };
}

function sourceFiles(): string[] {
  const folder = join(SOURCES, "sources.list.d");
  const parts = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  return [join(SOURCES, "sources.list"), ...parts].filter((path) => /\.(list|sources)$/.test(path) && existsSync(path));
}
