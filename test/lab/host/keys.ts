import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../command.ts";
import type { Lab, LabHost } from "../identity.ts";

/** The operator's private key of this lab. */
export function keyPath(lab: Lab): string {
  return join(lab.stateDir, "id_ed25519");
}

/** The host keys that `up` pinned, read inside the containers and not over the network. */
export function knownHostsPath(lab: Lab): string {
  return join(lab.stateDir, "known_hosts");
}

/** Makes the operator's key once; returns the public half. */
export async function ensureKey(lab: Lab): Promise<string> {
  const path = keyPath(lab);
  await mkdir(lab.stateDir, { recursive: true, mode: 0o700 });
  if (!existsSync(path)) await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", lab.network, "-f", path]);
  await chmod(path, 0o600);
  return readFile(`${path}.pub`, "utf8");
}

/** Whether known_hosts has a key for this host. It need not be the one the host has now. */
export async function isPinned(lab: Lab, host: LabHost): Promise<boolean> {
  const lines = await readPins(lab);
  return lines.some((line) => line.startsWith(`${pinName(host)} `));
}

/** Replaces what known_hosts says of this host by the keys it has now. */
export async function pin(lab: Lab, host: LabHost): Promise<void> {
  const script = "cat /etc/ssh/ssh_host_*_key.pub";
  const keys = (await run(["docker", "exec", host.container, "sh", "-c", script])).split("\n");
  const others = (await readPins(lab)).filter((line) => !line.startsWith(`${pinName(host)} `));
  const own = keys.map((key) => `${pinName(host)} ${key.split(" ").slice(0, 2).join(" ")}`);
  await writeFile(knownHostsPath(lab), `${[...others, ...own].join("\n")}\n`, { mode: 0o600 });
}

function pinName({ sshPort }: LabHost): string {
  return `[127.0.0.1]:${sshPort}`;
}

async function readPins(lab: Lab): Promise<string[]> {
  const path = knownHostsPath(lab);
  if (!existsSync(path)) return [];
  return (await readFile(path, "utf8")).split("\n").filter((line) => line !== "");
}
