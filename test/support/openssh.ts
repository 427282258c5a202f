import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import type { Test } from "tap";
import type { Connection } from "../../engine/connection/connection.ts";
import { connectSsh, type SshOptions, type SshTarget } from "../../engine/connection/ssh.ts";
import { freePort } from "./port.ts";

const SSHD = "/usr/sbin/sshd";
/** Why tests with OpenSSH's server are skipped; false where it is there. */
export const noSshd = !existsSync(SSHD) && `no OpenSSH server at ${SSHD}`;

/** A running OpenSSH server, and the folder of its keys, configuration and known_hosts. */
export interface RealSshd {
  readonly port: number;
  readonly dir: string;
  /** Public keys of the host, a line each, without a name. */
  readonly publicKeys: readonly string[];
}

/** Starts OpenSSH's server with two host keys and one user key, and these settings; it ends with the test. */
export async function realSshd(t: Test, settings = "", address = "127.0.0.1"): Promise<RealSshd> {
  const dir = t.testdir({ hosts: "", config: "" });
  const types = ["ed25519", "ecdsa"];
  for (const type of types) keygen("-t", type, "-f", `${dir}/host_${type}`);
  keygen("-t", "ed25519", "-f", `${dir}/user`);
  writeFileSync(`${dir}/authorized`, readFileSync(`${dir}/user.pub`));
  const port = await freePort();
  const text = [
    `Port ${port}`,
    `ListenAddress ${address}`,
    ...types.map((type) => `HostKey ${dir}/host_${type}`),
    `AuthorizedKeysFile ${dir}/authorized`,
    `PidFile ${dir}/pid`,
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    settings,
  ];
  writeFileSync(`${dir}/sshd_config`, `${text.join("\n")}\n`);
  if (userInfo().uid === 0) mkdirSync("/run/sshd", { recursive: true });
  const child = spawn(SSHD, ["-D", "-e", "-f", `${dir}/sshd_config`], { stdio: ["ignore", "ignore", "pipe"] });
  t.teardown(() => child.kill());
  await listening(child);
  return { port, dir, publicKeys: types.map((type) => readFileSync(`${dir}/host_${type}.pub`, "utf8").trim()) };
}

/** Makes a key, or what else these arguments say, without asking. */
export function keygen(...args: readonly string[]): void {
  execFileSync("ssh-keygen", ["-q", "-N", "", ...args], { stdio: "ignore" });
}

async function listening(child: ChildProcess): Promise<void> {
  let said = "";
  for await (const chunk of child.stderr ?? []) {
    said += chunk;
    if (said.includes("Server listening")) break;
  }
  child.stderr?.resume();
  if (!said.includes("Server listening")) throw new Error(`sshd: ${said}`);
}

/** Logs in with the key `user` unless told otherwise; closed at the end of the test. */
export async function connectReal(
  t: Test,
  { port, dir }: RealSshd,
  more: Partial<SshTarget & SshOptions> = {},
): Promise<Connection> {
  const target = { name: "real", address: "127.0.0.1", port, key: `${dir}/user`, knownHosts: `${dir}/hosts` };
  const options = { connectTimeoutMs: 10_000, sshConfig: `${dir}/config` };
  const connection = await connectSsh({ ...target, ...more }, { ...options, ...more });
  t.teardown(() => connection.close());
  return connection;
}
