import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { run } from "../command.ts";
import { isEmulated, type Lab, type LabHost } from "../identity.ts";
import { LabError, type Log, step } from "../log.ts";
import { ensureEmulation } from "../machine/emulation.ts";
import { takeTurns } from "../turns.ts";
import type { Workshop } from "../workshop.ts";
import { authorize, containerStates, createContainer, removeHost } from "./container.ts";
import { ensureKey, isPinned, keyPath, pin } from "./keys.ts";
import { waitUntilBooted } from "./ready.ts";

/** What bringing hosts up needs. */
export interface HostContext {
  readonly lab: Lab;
  readonly workshop: Workshop;
  readonly log: Log;
}

/** Removes hosts that no key opens any more: of a checkout that is gone. Refuses a lab that another checkout has. */
export async function claimHosts({ lab, log }: Pick<HostContext, "lab" | "log">): Promise<void> {
  const states = await containerStates(lab.hosts.map(({ container }) => container));
  for (const [index, host] of lab.hosts.entries()) {
    const { status, checkout = "" } = states[index] ?? {};
    if (status === "absent" || (checkout === lab.checkout && existsSync(keyPath(lab)))) continue;
    const key = join(checkout, relative(lab.checkout, keyPath(lab)));
    if (checkout !== "" && checkout !== lab.checkout && existsSync(key))
      throw new LabError(
        `lab ${lab.number} is that of ${checkout}: npm run lab -- down there, or another number here (HOSTWRIGHT_LAB)`,
      );
    await step(log, `removing ${host.name}, whose checkout is gone`, () => removeHost(host));
  }
}

/** Starts what is stopped, creates what is missing, leaves the rest alone. */
export async function ensureHosts({ lab, workshop, log }: HostContext): Promise<void> {
  await ensureKey(lab);
  if (lab.hosts.some(isEmulated)) await ensureEmulation(log);
  // Each reads known_hosts, changes it and writes it back.
  const pinNext = takeTurns();
  const states = await containerStates(lab.hosts.map(({ container }) => container));
  await Promise.all(
    lab.hosts.map(async (host, index) => {
      const status = states[index]?.status ?? "absent";
      // "created" means that an earlier run was stopped halfway: nobody may be able to log in.
      const isNew = status === "absent" || status === "created";
      if (isNew) await createHost({ lab, workshop, log }, host);
      if (status !== "running") await step(log, `starting ${host.name}`, () => start(host));
      else await waitUntilBooted(host);
      // What is not new keeps the key it is known by: a changed one is for the playbook to notice.
      if (isNew || !(await isPinned(lab, host))) await pinNext(() => pin(lab, host));
    }),
  );
}

/** Replaces the host by a new, empty one. It gets a new host key, and known_hosts keeps the old one. */
export async function rebuildHost(context: HostContext, host: LabHost): Promise<void> {
  const { lab, log } = context;
  await ensureKey(lab);
  await step(log, `removing ${host.name}`, () => removeHost(host));
  await createHost(context, host);
  await step(log, `starting ${host.name}`, () => start(host));
}

async function createHost({ lab, workshop }: HostContext, host: LabHost): Promise<void> {
  const image = await workshop.host(host);
  await removeHost(host);
  await createContainer(lab, host, image);
  await authorize(host, `${keyPath(lab)}.pub`);
}

async function start(host: LabHost): Promise<void> {
  await run(["docker", "start", host.container]);
  await waitUntilBooted(host);
}
