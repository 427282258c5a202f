import { createHmac } from "node:crypto";
import { constants } from "node:fs";
import { chmod, mkdir, open, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { keyType } from "./public-key.ts";

/** One line of a known_hosts file: for these hosts, this key. */
export interface Pin {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly marker: "revoked" | "cert-authority" | undefined;
  /** The hosts field as it stands: names and patterns with commas, or one hash. */
  readonly hosts: string;
  readonly type: string;
  readonly key: Buffer;
}

/** Returns the lines of a known_hosts file that hold a key; comments and lines it cannot read are left out, as in OpenSSH. */
export function parseKnownHosts(text: string, file: string): readonly Pin[] {
  return text.split("\n").flatMap((line, index) => parseLine(line, file, index + 1) ?? []);
}

function parseLine(text: string, file: string, line: number): Pin | undefined {
  const match =
    /^\s*(?:@(revoked|cert-authority)\s+)?([^\s#@]\S*)\s+([A-Za-z][\w@.-]*)\s+([A-Za-z0-9+/]+=*)(?:\s|$)/.exec(text);
  if (!match) return undefined;
  const [, marker, hosts = "", type = "", key = ""] = match;
  return { file, line, marker: marker as Pin["marker"], hosts, type, key: Buffer.from(key, "base64") };
}

/** Returns the name under which a host is pinned: `[address]:port` unless the port is 22. */
export function pinName(address: string, port: number): string {
  return port === 22 ? address.toLowerCase() : `[${address.toLowerCase()}]:${port}`;
}

/** True when the hosts field of a line covers this name: plain, pattern, negated or hashed. */
export function coversHost(hosts: string, name: string): boolean {
  if (hosts.startsWith("|")) return isHashOf(hosts, name);
  const patterns = hosts.toLowerCase().split(",");
  if (patterns.some((pattern) => pattern.startsWith("!") && isGlobOf(pattern.slice(1), name))) return false;
  return patterns.some((pattern) => isGlobOf(pattern, name));
}

function isHashOf(hosts: string, name: string): boolean {
  const [, version, salt, hash] = hosts.split("|");
  if (version !== "1" || !salt || !hash) return false;
  return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
}

function isGlobOf(pattern: string, name: string): boolean {
  const source = pattern
    .replaceAll(/[^\w*?]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`).test(name);
}

/**
 * Returns the text without any key for exactly this name. In a comma list only the name goes; hashed lines for it go
 * whole; patterns, `@revoked` and `@cert-authority` stay.
 */
export function withoutHost(text: string, name: string): string {
  const kept = text.split("\n").flatMap((line) => {
    const pin = parseLine(line, "", 0);
    if (!pin || pin.marker) return [line];
    if (pin.hosts.startsWith("|")) return coversHost(pin.hosts, name) ? [] : [line];
    const names = pin.hosts.split(",");
    const others = names.filter((other) => other.toLowerCase() !== name);
    if (others.length === names.length) return [line];
    // A function: "$&" in a host pattern must not be read as a replacement pattern.
    return others.some((other) => !other.startsWith("!")) ? [line.replace(pin.hosts, () => others.join(","))] : [];
  });
  return kept.join("\n");
}

/** Returns the text with one more line that pins this key, and a line end before and after it. */
export function withPin(text: string, name: string, key: Buffer): string {
  const start = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  return `${start}${name} ${keyType(key)} ${key.toString("base64")}\n`;
}

/** Returns a file's text, empty where there is none. Throws any other error of the file system. */
export async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT") || isCode(error, "ENOTDIR")) return "";
    throw error;
  }
}

/**
 * Changes a file's text, by rename, one writer at a time across hosts and processes. A missing file and folder are made
 * (0644, 0755); an existing file keeps its mode, a symlink its target. Throws errors of the file system.
 */
export async function editFile(file: string, edit: (text: string) => string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const target = await followed(file);
  await withLock(`${target}.lock`, async () => {
    const before = await readIfThere(target);
    const after = edit(before);
    if (after === before) return;
    const staged = `${target}.new`;
    await writeFile(staged, after);
    await chmod(staged, await modeOf(target));
    await rename(staged, target);
  });
}

const LOCK_POLL_MS = 10;
const LOCK_STALE_MS = 10_000;

// A lock file, not a queue in memory: two runs may pin into one inventory's file at the same time.
async function withLock(lock: string, task: () => Promise<void>): Promise<void> {
  while (!(await takeLock(lock))) {
    await removeIfStale(lock);
    await delay(LOCK_POLL_MS);
  }
  try {
    await task();
  } finally {
    await rm(lock, { force: true });
  }
}

async function takeLock(lock: string): Promise<boolean> {
  try {
    await (await open(lock, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY)).close();
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  }
}

async function removeIfStale(lock: string): Promise<void> {
  const age = Date.now() - (await mtimeMs(lock));
  // An edit takes milliseconds: an old lock belongs to a process that died.
  if (age > LOCK_STALE_MS) await rm(lock, { force: true });
}

async function mtimeMs(file: string): Promise<number> {
  try {
    return (await stat(file)).mtimeMs;
  } catch (error) {
    if (isCode(error, "ENOENT")) return Date.now();
    throw error;
  }
}

async function modeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).mode & 0o777;
  } catch (error) {
    if (isCode(error, "ENOENT")) return 0o644;
    throw error;
  }
}

async function followed(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    if (isCode(error, "ENOENT")) return file;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
