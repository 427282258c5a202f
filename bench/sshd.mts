import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { freePort } from "../test/support/port.ts";

const SSHD = "/usr/sbin/sshd";

/** OpenSSH's server on 127.0.0.1, for one user's key. */
export interface Server {
  readonly port: number;
  /** The line of its public key. */
  readonly hostKey: string;
  close(): void;
}

/** Starts one whose keys, and whose user's key (`user`), are in this folder, with `known_hosts`. It takes a crowd at once. */
export async function startSshd(dir: string): Promise<Server> {
  if (!existsSync(SSHD)) throw new Error(`found no ${SSHD}, expected OpenSSH's server: apt install openssh-server`);
  const port = await freePort();
  for (const name of ["host", "user"])
    execFileSync("ssh-keygen", ["-q", "-N", "", "-t", "ed25519", "-f", `${dir}/${name}`]);
  const hostKey = readFileSync(`${dir}/host.pub`, "utf8");
  writeFileSync(`${dir}/known_hosts`, `[127.0.0.1]:${port} ${hostKey}`);
  // SHLVL: bash takes a deeper one for no login's shell, and leaves the user's start-up files (with pyenv's: 0.1 s and a lock) out.
  const lines = [
    ...[`Port ${port}`, "ListenAddress 127.0.0.1", `HostKey ${dir}/host`, `AuthorizedKeysFile ${dir}/user.pub`],
    ...[
      "StrictModes no",
      "UsePAM no",
      "MaxStartups 1000",
      "Subsystem sftp internal-sftp",
      "SetEnv SHLVL=2",
      `PidFile ${dir}/pid`,
      "",
    ],
  ];
  writeFileSync(`${dir}/sshd_config`, lines.join("\n"));
  if (userInfo().uid === 0) mkdirSync("/run/sshd", { recursive: true });
  const child = spawn(SSHD, ["-D", "-e", "-f", `${dir}/sshd_config`], { stdio: ["ignore", "ignore", "pipe"] });
  await once(child.stderr, "data");
  child.stderr.resume();
  return { port, hostKey, close: () => child.kill() };
}

/** Lines of ssh_config(5) by which the user's key and the pins of this folder are used, and nothing else. */
export function keyOptions(dir: string): readonly string[] {
  return [`IdentityFile ${dir}/user`, "IdentitiesOnly yes", `UserKnownHostsFile ${dir}/known_hosts`, "BatchMode yes"];
}
