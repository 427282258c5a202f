import { type Script, sh, splitLines } from "../shell/sh.ts";

/** A file system. Its size changes only when the disk does. */
export interface Disk {
  readonly bytes: number;
  readonly freeBytes: number;
}

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
  /** The file systems of "/" and of the folders that roles measure, by folder; `diskOf` reads it. */
  readonly disks: Readonly<Record<string, Disk>>;
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

/** Returns the file system that a folder is in, or will be in: that of the nearest folder above that was measured. */
export function diskOf({ disks }: Pick<Facts, "disks">, folder: string): Disk {
  const above = Object.keys(disks).filter((one) => `${folder}/`.startsWith(one.endsWith("/") ? one : `${one}/`));
  const nearest = above.sort((a, b) => b.length - a.length)[0];
  const disk = nearest === undefined ? undefined : disks[nearest];
  if (!disk) throw new FactsError(`no disk was measured for ${folder}`);
  return disk;
}

/**
 * Prints one `name value` a line, with the disks of "/" and of these folders; few processes, since each costs 40 ms on an
 * emulated host.
 */
export function factsProbe(folders: readonly string[]): Script {
  return sh`
    fact() { printf '%s %s\n' "$1" "$2"; }
    ( ID=unknown VERSION_ID=0 PRETTY_NAME=unknown
      [ ! -r /etc/os-release ] || . /etc/os-release
      fact os_id "$ID"; fact os_version "$VERSION_ID"; fact os_name "$PRETTY_NAME"
      printf 'uname '; exec uname -nm )
    # Where getconf looks too.
    if { read -r cpus </sys/devices/system/cpu/online; } 2>/dev/null; then fact cpus_online "$cpus"
    else fact cpus "$(getconf _NPROCESSORS_ONLN)"; fi
    while read -r name value _; do [ "$name" = MemTotal: ] && fact memory_kib "$value" && break; done </proc/meminfo
    # A container shows its machine's memory there, and its own limit here: of cgroup v1, or of v2. A machine has no limit.
    limit=max
    for path in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
      [ ! -r "$path" ] || read -r limit <"$path" || :
    done
    fact memory_limit "$limit"
    near() { while [ ! -d "$folder" ]; do folder=\${folder%/*}; [ -n "$folder" ] || folder=/; done; }
    set --; for folder in ${["/", ...folders]}; do near; set -- "$@" "$folder"; done
    rows=$(df -Pk -- "$@")
    ${splitLines(sh`$rows`)}
    disk() { fact disk "$2 $4 $folder"; }
    for folder in ${["/", ...folders]}; do shift; disk $1; done
    read -r boot </proc/sys/kernel/random/boot_id; fact boot_id "$boot"
    fact addresses "$(hostname -I 2>/dev/null)"
    if [ -d /run/systemd/system ]; then fact systemd yes; else fact systemd no; fi
    fact login_user "\${SUDO_USER:-\${DOAS_USER:-\${USER:-root}}}"
    fact become_by "\${SUDO_USER:+sudo}\${DOAS_USER:+doas}"
    [ ! -e /var/log/hostwright/journal.jsonl ] || fact changed_before yes`;
}

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
  const [hostname = "", machine] = text("uname").split(" ");
  if (!machine) throw new FactsError(`the host did not say its machine: uname ${text("uname")}`);
  return Object.freeze({
    hostname,
    machine,
    os: Object.freeze({ id: text("os_id"), version: text("os_version"), name: text("os_name") }),
    cpus: facts.has("cpus_online") ? countOf(text("cpus_online")) : number("cpus"),
    memoryBytes: Math.min(
      number("memory_kib") * 1024,
      text("memory_limit") === "max" ? Infinity : number("memory_limit"),
    ),
    disks: disksIn(stdout),
    addresses: Object.freeze(text("addresses").split(" ").filter(Boolean)),
    bootId: text("boot_id"),
    systemd: text("systemd") === "yes",
    loginUser: text("login_user"),
    becomeBy: becomeBy(text("become_by")),
    changedBefore: facts.get("changed_before") === "yes",
  });
}

function disksIn(stdout: string): Facts["disks"] {
  const lines = stdout.split("\n").flatMap((line) => [/^disk (\d+) (\d+) (\/.*)$/.exec(line) ?? []]);
  const found = lines.flatMap(([, size, free, folder]) =>
    folder === undefined ? [] : [[folder, { bytes: Number(size) * 1024, freeBytes: Number(free) * 1024 }] as const],
  );
  if (found.length === 0)
    throw new FactsError(`the host did not say its disks: ${JSON.stringify(stdout.slice(0, 200))}`);
  return Object.freeze(Object.fromEntries(found));
}

/** How many a list of the kernel's names: "0-3,8". */
function countOf(list: string): number {
  const counts = list.split(",").map((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return Number(last) - Number(first) + 1;
  });
  const count = counts.reduce((sum, one) => sum + one, 0);
  if (!(count > 0)) throw new FactsError(`cpus_online is no list of numbers: ${list}`);
  return count;
}

function becomeBy(text: string): Facts["becomeBy"] {
  return text === "sudo" || text === "doas" ? text : "nothing";
}
