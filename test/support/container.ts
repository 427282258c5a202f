import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import type { Test } from "tap";
import { asMachine } from "../lab/host/container.ts";
import { labOf, machineArchitecture } from "../lab/identity.ts";
import { startLog } from "../lab/log.ts";
import { ensureDockerEngine } from "../lab/machine/docker-engine.ts";
import { openWorkshop } from "../lab/workshop.ts";
import { LAB, program } from "./lab.ts";

/** A machine of its own for one test, reached by SSH as `ops`, who may use sudo without a password. */
export interface Container {
  /** Docker's. */
  readonly id: string;
  readonly port: number;
  /** Lines of `/etc/ssh/ssh_host_*_key.pub`. */
  readonly keys: readonly string[];
  /** Runs a shell line in it as root, past SSH and past the engine. */
  run(line: string): Promise<string>;
}

/** How to start one. */
export interface ContainerOptions {
  /** A file with the public key that may log in. */
  readonly publicKey: string;
  /** Run as root before sshd starts. */
  readonly spoil?: string;
  /** systemd runs in it, and starts sshd. */
  readonly systemd?: boolean;
  /** More arguments of `docker run`. */
  readonly docker?: readonly string[];
}

/** Returns the image of a bare machine, made where it is missing. */
export async function machineImage(): Promise<string> {
  const log = startLog();
  await ensureDockerEngine(log);
  const workshop = openWorkshop(labOf(String(LAB)), log);
  return workshop.host({ kind: "mon", architecture: machineArchitecture() });
}

const PREPARE = `set -eu
mkdir -p /run/sshd; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
useradd -m -s /bin/bash ops
mkdir -p /home/ops/.ssh; printf '%s\\n' "$PUBLIC_KEY" >/home/ops/.ssh/authorized_keys; chown -R ops: /home/ops
echo 'ops ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/ops; chmod 0440 /etc/sudoers.d/ops`;

/** Starts a container of this image; it goes with the test. */
export async function startContainer(
  t: Pick<Test, "teardown">,
  image: string,
  options: ContainerOptions,
): Promise<Container> {
  const { publicKey, spoil = "", systemd = false, docker = [] } = options;
  const line = `${PREPARE}\n${spoil}\nexec ${systemd ? "/usr/local/lib/lab/init" : "/usr/sbin/sshd -D -e"}`;
  const start = [
    "-d",
    "-p",
    "127.0.0.1::22",
    "-e",
    "PUBLIC_KEY",
    "--entrypoint",
    "/bin/sh",
    ...(systemd ? asMachine : []),
    ...docker,
    image,
    "-c",
    line,
  ];
  const env = { ...process.env, PUBLIC_KEY: readFileSync(publicKey, "utf8").trim() };
  const id = execFileSync("docker", ["run", ...start], { env, encoding: "utf8" }).trim();
  t.teardown(() => execFileSync("docker", ["rm", "-f", id], { stdio: "ignore" }));
  const run = async (line: string): Promise<string> => {
    const { code, stdout, stderr } = await program("docker", "exec", id, "sh", "-c", line);
    if (code !== 0) throw new Error(`${line}: ended with ${code}: ${stderr}${stdout}`);
    return stdout;
  };
  const shown = execFileSync("docker", ["port", id, "22"], { encoding: "utf8" });
  const port = Number(/:(\d+)$/m.exec(shown)?.[1]);
  await answering(port);
  return { id, port, keys: (await run("cat /etc/ssh/ssh_host_*_key.pub")).trim().split("\n"), run };
}

/** A spoiled one may install something first. */
const ANSWER_MS = 120_000;

/** Docker's proxy takes connections before sshd does: only its greeting tells. */
async function answering(port: number): Promise<void> {
  const deadline = Date.now() + ANSWER_MS;
  while (!(await greets(port))) if (Date.now() > deadline) throw new Error(`no sshd at port ${port}`);
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("data", (chunk) => {
      resolve(chunk.toString().startsWith("SSH-"));
      socket.destroy();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => setTimeout(resolve, 100, false));
  });
}
