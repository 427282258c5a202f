import { spawnSync } from "node:child_process";
import type { Test } from "tap";
import { quoteWord } from "../../engine/shell/sh.ts";
import { pinned } from "./bench.ts";
import { labAddress, labPort, onHost, takeLab } from "./lab.ts";

const canHaveLab = spawnSync("docker", ["info"]).status === 0 || process.getuid?.() === 0;

/** Why tests on the lab are skipped. */
export const noLab = canHaveLab ? false : "needs a Docker engine, or root to install one";

/** Of the users below. Hostile to every shell on the way; nothing of it may ever be run or shown. */
export const PASSWORD = `it's $(id >/tmp/taken) "p;w`;

// clerk logs in with a key or a password, typist by PAM's questions, doer with a key; the first two have sudo, with it.
const PREPARE = `set -eu
for user in clerk typist doer; do
  id $user >/dev/null 2>&1 || useradd -m -s /bin/sh $user
  install -D -o $user -m 0600 ~ubuntu/.ssh/authorized_keys /home/$user/.ssh/authorized_keys
  chown $user /home/$user/.ssh
  printf '%s:%s\\n' $user ${quoteWord(PASSWORD)} | chpasswd
done
printf 'clerk ALL=(ALL) ALL\\ntypist ALL=(ALL) ALL\\n' >/etc/sudoers.d/test
cat >/etc/ssh/sshd_config.d/00-test.conf <<END
Port 22
Port 2222
Match User clerk
  PasswordAuthentication yes
Match User typist
  KbdInteractiveAuthentication yes
END
systemctl reload ssh
until ss -ltn | grep -q :2222; do sleep 0.1; done`;

const RESTORE = `rm -f /etc/ssh/sshd_config.d/00-test.conf /etc/sudoers.d/test /etc/doas.conf
systemctl reload ssh
for user in clerk typist doer deploy; do pkill -KILL -u $user; userdel -rf $user 2>/dev/null; done
rm -rf /var/lib/hostwright /var/log/hostwright /tmp/ran /tmp/taken /tmp/go /tmp/done`;

/** What tests know of the hosts that they connect to. */
export interface Stand {
  /** Lines of `/etc/ssh/ssh_host_*_key.pub`. */
  keysOf(host: string): readonly string[];
  /** Pins of hosts at their addresses in the lab's network. */
  insidePins(...hosts: readonly string[]): string;
  /** Pins of `mon` at the port that this machine publishes. */
  readonly monPins: string;
}

/** Brings the lab up, with users and ports for tests of connections on `mon`; all of it goes with the test. */
export async function takeStand(t: Test): Promise<Stand> {
  await takeLab(t);
  t.teardown(() => onHost("mon", RESTORE));
  await onHost("mon", PREPARE);
  const keys = new Map<string, readonly string[]>();
  for (const host of ["mon", "app-dev", "app-prod"])
    keys.set(host, (await onHost(host, "cat /etc/ssh/ssh_host_*_key.pub")).trim().split("\n"));
  const keysOf = (host: string) => keys.get(host) ?? [];
  return {
    keysOf,
    insidePins: (...hosts) => hosts.map((host) => pinned(labAddress(host), keysOf(host))).join(""),
    monPins: pinned(`[127.0.0.1]:${labPort("mon")}`, keysOf("mon")),
  };
}
