import { setTimeout as sleep } from "node:timers/promises";
import { attempt } from "../command.ts";
import type { LabHost } from "../identity.ts";
import { LabError } from "../log.ts";

const BOOT_TIMEOUT_MS = 180_000;

/** Waits until the container has booted. "degraded" is good enough: a unit that does not suit a container may fail. */
export async function waitUntilBooted(host: LabHost): Promise<void> {
  const deadline = Date.now() + BOOT_TIMEOUT_MS;
  for (;;) {
    const state = await systemState(host, ["--wait"]);
    if (state === "running" || state === "degraded") return;
    if (Date.now() > deadline) {
      throw new LabError(`${host.container} did not boot: systemd says "${state}" (docker logs ${host.container})`);
    }
    await sleep(250);
  }
}

/** What systemd in the container says of itself; "" while it does not answer. */
export async function systemState(host: LabHost, options: readonly string[] = []): Promise<string> {
  const ask = ["docker", "exec", host.container, "systemctl", "is-system-running", ...options];
  return (await attempt(ask, { timeout: BOOT_TIMEOUT_MS })).stdout.trim();
}
