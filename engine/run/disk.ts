import { type Script, sh } from "../shell/sh.ts";
import type { Suspicion, Trouble } from "./suspicion.ts";

/** A file system, as the host tells of it. Sizes are bytes. */
export interface FileSystem {
  readonly mount: string;
  readonly isReadOnly: boolean;
  readonly size: number;
  readonly free: number;
  /** 0 where the file system does not count them. */
  readonly inodes: number;
  readonly freeInodes: number;
}

const NO_SPACE = /No space left on device|enough free space/i;
const QUOTA = /Disk quota exceeded/i;
const READ_ONLY = /Read-only file system/i;
/** What a shell's own printf says when a file system is full; it may mean something else. */
const VAGUE = /I\/O error|write error/i;

const isComplaint = (text: string): boolean => [NO_SPACE, QUOTA, READ_ONLY, VAGUE].some((words) => words.test(text));

/** Disks that take nothing more. */
export const diskSuspicion: Suspicion = {
  complains: isComplaint,
  asks: (said) => diskProbe([...pathsIn(said), ...USUAL]),
  finds: ({ host, said }, stdout) => diskTrouble(host, said, parseFileSystems(stdout)),
};

/** Less than what one script may want to write. */
const LITTLE_BYTES = 10 * 1024 * 1024;

/** Where the engine, and most of what it installs, writes. */
const USUAL = ["/var/log", "/var/lib", "/tmp", "/var", "/"];
const MAX_PATHS = 10;

/** The paths of an output, those of its complaints about disks first. */
function pathsIn(said: string): readonly string[] {
  const lines = said.split("\n");
  const ordered = [...lines.filter(isComplaint), ...lines.filter((line) => !isComplaint(line))].join("\n");
  const paths = [...ordered.matchAll(/(?<![\w/.])\/[^\s:;,'"‘’`]+/g)].map(([path]) => path);
  return [...new Set(paths)].slice(0, MAX_PATHS);
}

/** Prints a line for the file system of each path, or of the folder above that is there; then for all others that hold files. */
export function diskProbe(paths: readonly string[]): Script {
  return sh`
    mounts() {
      while read -r _ at type _; do
        case $type in ext[234] | xfs | btrfs | zfs | f2fs | jfs | overlay | tmpfs | vfat) printf '%s\n' "$at" ;; esac
      done </proc/mounts
    }
    for path in ${paths} $(mounts); do
      while [ ! -d "$path" ]; do path=\${path%/*}; path=\${path:-/}; done
      set -- $(df -Pk -- "$path" | tail -n 1)
      size=$2 free=$4; shift 5; mount=$*
      set -- $(df -Pi -- "$path" 2>/dev/null | tail -n 1)
      inodes=\${2:-0} free_inodes=\${4:-0}
      mode=rw
      while read -r _ at _ options _; do
        [ "$at" = "$mount" ] || continue
        case ,$options, in *,ro,*) mode=ro ;; *) mode=rw ;; esac
      done </proc/mounts
      printf '%s %s %s %s %s %s\\n' "$mode" "$size" "$free" "$inodes" "$free_inodes" "$mount"
    done`;
}

/** Reads what `diskProbe` printed, each file system once, in its order. */
export function parseFileSystems(stdout: string): readonly FileSystem[] {
  const found = stdout.matchAll(/^(ro|rw) (\d+) (\d+) (\S+) (\S+) (\/.*)$/gm);
  const all = [...found].map(([, mode, size, free, inodes, freeInodes, mount = ""]) => ({
    mount,
    isReadOnly: mode === "ro",
    size: Number(size) * 1024,
    free: Number(free) * 1024,
    // "-" where they are not counted.
    inodes: Number(inodes) || 0,
    freeInodes: Number(freeInodes) || 0,
  }));
  return all.filter((one, index) => all.findIndex(({ mount }) => mount === one.mount) === index);
}

/** Returns which file system is in the way, the likeliest being the first; `undefined` where none is. */
export function diskTrouble(host: string, said: string, found: readonly FileSystem[]): Trouble | undefined {
  const full = found.find(({ free, isReadOnly }) => free === 0 && !isReadOnly);
  const crowded = found.find(({ inodes, freeInodes }) => inodes > 0 && freeInodes === 0);
  const locked = found.find(({ isReadOnly }) => isReadOnly);
  if (READ_ONLY.test(said) && locked) {
    const { mount } = locked;
    const hint = `Mount it for writing (mount -o remount,rw ${mount}); if nobody made it read-only, see dmesg: a broken disk does.`;
    return { message: `${mount} is read-only on ${host}`, hint };
  }
  if (QUOTA.test(said))
    return { message: `a disk quota is used up on ${host}`, hint: "Raise it, or make room: quota -v shows it." };
  if (crowded && !full) {
    const hint = `Remove small files from it and run again: du --inodes -x ${crowded.mount} | sort -n | tail shows where they are.`;
    return { message: `${crowded.mount} is full on ${host} (0 of ${crowded.inodes} inodes free)`, hint };
  }
  // What did not fit is gone again, and left its room: then it is the one that was written to.
  const [written] = found.filter(({ isReadOnly }) => !isReadOnly);
  const tight = full ?? (written && (NO_SPACE.test(said) || written.free < LITTLE_BYTES) ? written : undefined);
  if (!tight) return undefined;
  const { mount, free, size } = tight;
  const hint = `Make room on it and run again: du -xh ${mount} | sort -h | tail shows what takes it.`;
  return {
    message: `${mount} is ${full ? "full" : "too small"} on ${host} (${inUnits(free)} free of ${inUnits(size)})`,
    hint,
  };
}

/** Bytes as people say them, such as `1.5 GB` of 1024 × 1024 × 1024. */
export function inUnits(bytes: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10));
  const amount = bytes / 1024 ** power;
  return `${amount < 10 ? Number(amount.toFixed(1)) : Math.round(amount)} ${units[power]}`;
}
