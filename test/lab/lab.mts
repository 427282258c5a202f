import { spawnSync } from "node:child_process";
import { keyPath, knownHostsPath } from "./host/keys.ts";
import { type Lab, type LabHost, labOf } from "./identity.ts";
import { down, rebuild, up } from "./lifecycle.ts";
import { LabError, startLog } from "./log.ts";
import { status } from "./status.ts";

const usage = `usage: npm run lab -- COMMAND
  up              start what is stopped, create what is missing
  status          what runs where
  ssh HOST [CMD]  log in as "ubuntu", or run a command
  rebuild HOST    replace by a new, empty machine with a new host key
  down [--all]    remove this lab; with --all also the images and caches
HOST is mon, app-dev or app-prod. HOSTWRIGHT_LAB=N selects another lab than 0; HOSTWRIGHT_LAB_NATIVE=1 emulates no host.`;

async function main([command, ...rest]: readonly string[]): Promise<void> {
  const lab = labOf(process.env.HOSTWRIGHT_LAB, process.env.HOSTWRIGHT_LAB_NATIVE);
  const log = startLog();
  if (command === "up") return up(lab, log);
  if (command === "status") return status(lab);
  if (command === "ssh") return ssh(lab, rest);
  if (command === "rebuild") return rebuild(lab, hostOf(lab, rest[0]), log);
  if (command === "down") return down(lab, log, rest.includes("--all") ? "everything" : "this lab");
  throw new LabError(usage);
}

function hostOf(lab: Lab, name: string | undefined): LabHost {
  const host = lab.hosts.find((candidate) => candidate.name === name);
  if (host === undefined) throw new LabError(usage);
  return host;
}

async function ssh(lab: Lab, [name, ...command]: readonly string[]): Promise<void> {
  const host = hostOf(lab, name);
  const options = [
    "-F",
    "none",
    "-i",
    keyPath(lab),
    "-o",
    "IdentitiesOnly=yes",
    "-o",
    `UserKnownHostsFile=${knownHostsPath(lab)}`,
  ];
  const address = ["-o", "StrictHostKeyChecking=yes", "-p", String(host.sshPort), "ubuntu@127.0.0.1"];
  const { status: exitCode, error } = spawnSync("ssh", [...options, ...address, ...command], { stdio: "inherit" });
  if (error) throw new LabError(`ssh cannot be run: ${error.message}`, { cause: error });
  process.exitCode = exitCode ?? 1;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  // Anything else than a LabError is a fault of the lab itself: there the stack is what helps.
  const text = error instanceof LabError ? error.message : (error as Error).stack;
  process.stderr.write(`lab: ${text}\n`);
  process.exitCode = 1;
}
