import { constants } from "node:fs";
import { chmod, mkdir, open, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

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
