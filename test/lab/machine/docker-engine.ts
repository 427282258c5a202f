import { spawn } from "node:child_process";
import { existsSync, openSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { attempt, run } from "../command.ts";
import { LabError, type Log, step } from "../log.ts";
import { ensurePrograms, isRoot } from "./packages.ts";

const LOG_FILE = "/var/log/hostwright-dockerd.log";
const PID_FILE = "/run/hostwright-dockerd.pid";
const START_TIMEOUT_MS = 60_000;

/** Leaves a Docker engine that answers. Installs and starts one where it may. */
export async function ensureDockerEngine(log: Log): Promise<void> {
  if (await answers()) return;
  await ensurePrograms(
    [
      { program: "dockerd", packages: ["docker.io", "iptables"], why: "the Docker engine" },
      { program: "docker", packages: ["docker-cli"], why: "the Docker client" },
    ],
    log,
  );
  if (await answers()) return;
  const said = (await attempt(["docker", "info"])).stderr.trim();
  if (process.env.DOCKER_HOST) throw new LabError(`no Docker engine answers at DOCKER_HOST: ${said}`);
  if (!isRoot()) throw new LabError(`no Docker engine answers, and only root may start one: ${said}`);
  await step(log, "starting the Docker engine", start);
}

async function answers(): Promise<boolean> {
  return (await attempt(["docker", "version", "--format", "{{.Server.Version}}"])).exitCode === 0;
}

async function start(): Promise<void> {
  if (existsSync("/run/systemd/system")) await run(["systemctl", "start", "docker"]);
  else startDetached();
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers())) {
    if (Date.now() > deadline) throw new LabError(`dockerd does not answer; its log is ${LOG_FILE}`);
    await sleep(300);
  }
}

function startDetached(): void {
  const logFile = openSync(LOG_FILE, "a");
  const daemon = spawn("dockerd", [], { detached: true, stdio: ["ignore", logFile, logFile] });
  daemon.on("error", (cause) => {
    throw new LabError(`dockerd cannot be started: ${cause.message}`, { cause });
  });
  writeFileSync(PID_FILE, `${daemon.pid}\n`);
  daemon.unref();
}
