import { spawn } from "node:child_process";
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { attempt, run } from "../command.ts";
import { exclusively } from "../lock.ts";
import { LabError, type Log, step } from "../log.ts";
import { ensurePrograms, isRoot } from "./packages.ts";

const LOG_FILE = "/var/log/hostwright-dockerd.log";
const PID_FILE = "/run/hostwright-dockerd.pid";
const LOCK_FILE = join(tmpdir(), "hostwright-dockerd.lock");
const START_TIMEOUT_MS = 60_000;

/** Leaves a Docker engine that answers. Installs and starts one where it may. */
export async function ensureDockerEngine(log: Log): Promise<void> {
  if (await answers()) return;
  // It is the machine's: of two labs that come up at once, the second one waits for the first one's.
  await exclusively(LOCK_FILE, log, () => install(log));
}

async function install(log: Log): Promise<void> {
  if (await answers()) return;
  const engine = ["docker.io", "iptables"];
  await ensurePrograms(
    [{ program: "dockerd", packages: engine, why: "the Docker engine, version 20.10 or newer" }],
    log,
  );
  // Debian 13 has the client in a package of its own; before, and on Ubuntu, it came with the engine.
  await ensurePrograms([{ program: "docker", packages: ["docker-cli"], why: "the Docker client" }], log);
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
  const hasEnded = existsSync("/run/systemd/system") ? await startUnit() : startDetached();
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers())) {
    if (hasEnded() || Date.now() > deadline) throw new LabError(`dockerd does not start; its log is ${LOG_FILE}`);
    await sleep(300);
  }
}

async function startUnit(): Promise<() => boolean> {
  await run(["systemctl", "start", "docker"]);
  return () => false;
}

/** Outlives this process, with a log and a pidfile of its own. Returns whether it has ended. */
function startDetached(): () => boolean {
  for (const path of ["/var/run/docker.pid", "/var/run/docker/containerd/containerd.pid"]) removeStale(path);
  const logFile = openSync(LOG_FILE, "a");
  const daemon = spawn("dockerd", [], { detached: true, stdio: ["ignore", logFile, logFile] });
  let failed = false;
  daemon.on("error", () => {
    failed = true;
  });
  writeFileSync(PID_FILE, `${daemon.pid}\n`);
  daemon.unref();
  return () => failed || daemon.exitCode !== null;
}

/** After a reboot the pid in such a file may be another program's: dockerd would refuse to start, or end that one. */
function removeStale(path: string): void {
  if (!existsSync(path)) return;
  const name = `/proc/${readFileSync(path, "utf8").trim()}/comm`;
  if (!existsSync(name) || !/^(dockerd|containerd)$/m.test(readFileSync(name, "utf8"))) rmSync(path);
}
