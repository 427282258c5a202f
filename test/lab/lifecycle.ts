import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureAssets, notes, readLock, recordApplications, removeAssets } from "./assets/ensure.ts";
import { attempt, hasProgram, run } from "./command.ts";
import { removeHost } from "./host/container.ts";
import { claimHosts, ensureHosts, rebuildHost } from "./host/hosts.ts";
import { ensureNetwork } from "./host/network.ts";
import type { Lab, LabHost } from "./identity.ts";
import { exclusively } from "./lock.ts";
import { type Log, step } from "./log.ts";
import { ensureDockerEngine } from "./machine/docker-engine.ts";
import { ensurePrograms } from "./machine/packages.ts";
import { openWorkshop } from "./workshop.ts";

/** Leaves all of the lab running, whatever was there before. Quick when nothing is to be done. */
export async function up(lab: Lab, log: Log): Promise<void> {
  await prepare(log);
  await exclusively(lockOf(lab), log, async () => {
    await claimHosts({ lab, log });
    await ensureNetwork(lab);
    const context = { lab, workshop: openWorkshop(lab, log), log };
    await Promise.all([ensureAssets(context), ensureHosts(context)]);
    await recordApplications(lab);
    for (const note of notes(readLock(lab) ?? {})) log(note);
  });
  log(`lab ${lab.number} is up: ${lab.hosts.map(({ name, sshPort }) => `${name} 127.0.0.1:${sshPort}`).join(", ")}`);
}

/** Replaces one host by a new, empty machine. */
export async function rebuild(lab: Lab, host: LabHost, log: Log): Promise<void> {
  await prepare(log);
  await exclusively(lockOf(lab), log, async () => {
    await ensureNetwork(lab);
    await rebuildHost({ lab, workshop: openWorkshop(lab, log), log }, host);
    await recordApplications(lab);
  });
  log(`${host.name} is new, and so is its host key; known_hosts still has the old one`);
}

/** Removes this lab's containers, volumes, network and state. Images and caches go only with "everything". */
export async function down(lab: Lab, log: Log, what: "this lab" | "everything"): Promise<void> {
  // An engine that is not running still keeps the containers of its last run.
  if (await hasProgram("dockerd")) await ensureDockerEngine(log);
  await exclusively(lockOf(lab), log, () =>
    step(log, `removing lab ${lab.number}`, async () => {
      await Promise.all([...lab.hosts.map(removeHost), removeAssets(lab)]);
      await attempt(["docker", "network", "rm", lab.network]);
      await rm(lab.stateDir, { recursive: true, force: true });
    }),
  );
  if (what === "everything") await removeCaches(lab, log);
}

function lockOf({ locksDir, network }: Lab): string {
  return join(locksDir, network);
}

async function prepare(log: Log): Promise<void> {
  await ensureDockerEngine(log);
  const why = "makes the operator's key, and logs in";
  await ensurePrograms([{ program: "ssh-keygen", packages: ["openssh-client"], why }], log);
}

async function removeCaches(lab: Lab, log: Log): Promise<void> {
  await step(log, "removing images and caches", async () => {
    const format = "{{.Repository}}:{{.Tag}}";
    const images = await run(["docker", "image", "ls", "--format", format, "--filter", "reference=hostwright-lab/*"]);
    // What another lab uses cannot be removed, and stays.
    for (const image of images.split("\n").filter(Boolean)) await attempt(["docker", "rmi", image]);
    await rm(lab.cacheDir, { recursive: true, force: true });
  });
}
