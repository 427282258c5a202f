import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "./log.ts";

/** Runs the work while no other command of this clone holds the lock at this path. */
export async function exclusively<T>(path: string, log: Log, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  let told = false;
  while (!(await take(path))) {
    if (!told) log(`waiting for another lab command (${basename(path)})`);
    told = true;
    await sleep(500);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function take(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: "wx" });
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
  }
  if (!(await isAbandoned(path))) return false;
  await rm(path, { force: true });
  return take(path);
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    const pid = Number(await readFile(path, "utf8"));
    process.kill(pid, 0);
    return false;
  } catch (cause) {
    // ESRCH: nobody has this pid. ENOENT: the lock was just released.
    return ["ESRCH", "ENOENT"].includes((cause as NodeJS.ErrnoException).code ?? "");
  }
}
