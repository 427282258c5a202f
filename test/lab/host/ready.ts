import { setTimeout as sleep } from "node:timers/promises";
import { attempt } from "../command.ts";
import type { LabHost } from "../identity.ts";
import { LabError } from "../log.ts";
import { containerStates } from "./container.ts";

const BOOT_TIMEOUT_MS = 180_000;

/** Waits until the container has booted. "degraded" is good enough: a unit that does not suit a container may fail. */
export async function waitUntilBooted(host: LabHost): Promise<void> {
  const deadline = Date.now() + BOOT_TIMEOUT_MS;
  for (;;) {
    const state = await systemState(host, ["--wait"]);
    if (state === "running" || state === "degraded") return;
    if (Date.now() > deadline || !(await isRunning(host))) {
      const { stdout, stderr } = await attempt(["docker", "logs", "--tail", "10", host.container]);
      throw new LabError(
        `${host.container} did not boot; systemd says "${state}", and its console:\n${stdout}${stderr}`,
      );
    }
    await sleep(250);
  }
}

async function isRunning({ container }: LabHost): Promise<boolean> {
  const [state] = await containerStates([container]);
  return state?.status === "running";
}

/** What systemd in the container says of itself; "" while it does not answer. */
async function systemState(host: LabHost, options: readonly string[]): Promise<string> {
  const ask = ["docker", "exec", host.container, "systemctl", "is-system-running", ...options];
  return (await attempt(ask, { timeout: BOOT_TIMEOUT_MS })).stdout.trim();
}
