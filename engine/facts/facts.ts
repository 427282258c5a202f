import { type Script, sh } from "../shell/sh.ts";

/** What a host says of itself. Frozen: roles read it, nothing changes it. */
export interface Facts {
  readonly hostname: string;
  /** As `uname -m` says: "aarch64", "x86_64". */
  readonly machine: string;
  /** ID and VERSION_ID of os-release(5): "debian" and "13", "ubuntu" and "24.04". */
  readonly os: { readonly id: string; readonly version: string; readonly name: string };
  readonly cpus: number;
  /** What the kernel has; in a container with a limit, that limit. */
  readonly memoryBytes: number;
  /** Size of the file system of /var/lib/docker, or of /var where there is none. It changes only when the disk does. */
  readonly diskBytes: number;
  /** Free there. */
  readonly diskFreeBytes: number;
  /** All that it has but loopback, as `hostname -I` says; empty where it cannot say. */
  readonly addresses: readonly string[];
  readonly bootId: string;
  readonly systemd: boolean;
  /** Who logged in, before becoming root. */
  readonly loginUser: string;
  /** How root was had: by logging in as root, or not at all, it is "nothing". */
  readonly becomeBy: "nothing" | "sudo" | "doas";
  /** A run has changed it before: there is a journal of that. */
  readonly changedBefore: boolean;
}

/** Thrown on output that is not that of `factsProbe`. */
export class FactsError extends Error {}

/** Prints one `name value` a line; few processes, since each costs 40 ms on an emulated host. */
export const factsProbe: Script = sh`
  fact() { printf '%s %s\n' "$1" "$2"; }
  set -- $(uname -nm); fact hostname "$1"; fact machine "$2"
  ( ID=unknown VERSION_ID=0 PRETTY_NAME=unknown
    [ ! -r /etc/os-release ] || . /etc/os-release
    fact os_id "$ID"; fact os_version "$VERSION_ID"; fact os_name "$PRETTY_NAME" )
  fact cpus "$(getconf _NPROCESSORS_ONLN)"
  while read -r name value _; do [ "$name" = MemTotal: ] && fact memory_kib "$value" && break; done </proc/meminfo
  # A container shows its machine's memory there, and its own limit here: of cgroup v1, or of v2. A machine has no limit.
  limit=max
  for path in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
    [ ! -r "$path" ] || read -r limit <"$path" || :
  done
  fact memory_limit "$limit"
  data=/var; [ ! -d /var/lib/docker ] || data=/var/lib/docker
  set -- $(df -Pk "$data" | { read -r _; read -r _ size _ free _; echo "$size" "$free"; })
  fact disk_kib "$1"; fact disk_free_kib "$2"
  read -r boot </proc/sys/kernel/random/boot_id; fact boot_id "$boot"
  fact addresses "$(hostname -I 2>/dev/null)"
  if [ -d /run/systemd/system ]; then fact systemd yes; else fact systemd no; fi
  fact login_user "\${SUDO_USER:-\${DOAS_USER:-\${USER:-root}}}"
  fact become_by "\${SUDO_USER:+sudo}\${DOAS_USER:+doas}"
  [ ! -e /var/log/hostwright/journal.jsonl ] || fact changed_before yes`;

/** Reads what `factsProbe` printed. */
export function parseFacts(stdout: string): Facts {
  const facts = new Map(
    stdout.split("\n").map((line) => [line.split(" ", 1)[0] ?? "", line.slice(line.indexOf(" ") + 1)]),
  );
  const text = (name: string): string => {
    const value = facts.get(name);
    if (value === undefined)
      throw new FactsError(`the host did not say its ${name}: ${JSON.stringify(stdout.slice(0, 200))}`);
    return value;
  };
  const number = (name: string): number => {
    const value = Number(text(name));
    if (!Number.isFinite(value) || text(name) === "") throw new FactsError(`${name} is not a number: ${text(name)}`);
    return value;
  };
  return Object.freeze({
    hostname: text("hostname"),
    machine: text("machine"),
    os: Object.freeze({ id: text("os_id"), version: text("os_version"), name: text("os_name") }),
    cpus: number("cpus"),
    memoryBytes: Math.min(
      number("memory_kib") * 1024,
      text("memory_limit") === "max" ? Infinity : number("memory_limit"),
    ),
    diskBytes: number("disk_kib") * 1024,
    diskFreeBytes: number("disk_free_kib") * 1024,
    addresses: Object.freeze(text("addresses").split(" ").filter(Boolean)),
    bootId: text("boot_id"),
    systemd: text("systemd") === "yes",
    loginUser: text("login_user"),
    becomeBy: becomeBy(text("become_by")),
    changedBefore: facts.get("changed_before") === "yes",
  });
}

function becomeBy(text: string): Facts["becomeBy"] {
  return text === "sudo" || text === "doas" ? text : "nothing";
}
