import { UnsupportedMachine } from "hostwright";
import type { DataPlan, MemoryShare } from "../container.ts";

/**
 * What each container of the monitoring host may take, from the size of the host alone. Only sizes that never change by
 * themselves go in (all memory, the whole disk), so two runs on one host agree, however full it is.
 * docs/sizing.md shows the results and where the figures come from.
 */

/** Memory of all containers together, as a part of the host's: the rest is for the system, Docker and its file cache. */
const CONTAINERS_SHARE = 0.75;
const STEP_MB = 8;

/** Disk that the system, Docker's images and rotated logs are left. */
const SYSTEM_GB = 8;
/** Data's part of the rest: no file system likes to be full, and the stores write before they delete. */
const DATA_SHARE = 0.75;

/** A container that wants memory. */
export interface MemoryWish extends MemoryShare {
  readonly name: string;
  /** What vars say in the place of the computed share. */
  readonly wishedMb: number | undefined;
}

/** A container that wants disk. */
export interface DataWish {
  readonly name: string;
  readonly what: string;
  plan(dataMb: number): DataPlan;
}

/**
 * Returns the memory of each container, in MB of 1024 × 1024 bytes, on a host with so much. Throws, with the sums, where
 * they do not fit.
 */
export function memoryOf(hostMb: number, wishes: readonly MemoryWish[]): ReadonlyMap<string, number> {
  const room = Math.floor(hostMb * CONTAINERS_SHARE);
  const least = new Map(wishes.map(({ name, least, wishedMb }) => [name, wishedMb ?? least]));
  if (sum(least) > room) throw tooSmall(hostMb, room, least, "need at least");
  const measured = total(wishes, (one) => one.measured);
  const scarce = total(wishes, (one) => one.least);
  const part = Math.min(1, Math.max(0, (room - scarce) / (measured - scarce)));
  const rest = Math.max(0, room - measured);
  const shared = ({ least, measured, beyond }: MemoryShare) =>
    Math.floor((least + (measured - least) * part + beyond * rest) / STEP_MB) * STEP_MB;
  const memory = new Map(wishes.map((one) => [one.name, one.wishedMb ?? shared(one)]));
  if (sum(memory) > room) throw tooSmall(hostMb, room, memory, "would get");
  return memory;
}

/** Returns how much each container keeps on a disk of this size. Throws, with the sums, where there is no room for it. */
export function dataOf(
  diskGb: number,
  dataDiskGb: number | undefined,
  wishes: readonly DataWish[],
): ReadonlyMap<string, number> {
  if (dataDiskGb !== undefined && dataDiskGb > diskGb)
    throw new UnsupportedMachine(`data_disk_gb is ${dataDiskGb}, and the disk has ${diskGb} GB`);
  const dataMb = Math.floor((dataDiskGb ?? (diskGb - SYSTEM_GB) * DATA_SHARE) * 1024);
  const plans = wishes.map(({ name, what, plan }) => ({ name, what, ...plan(dataMb) }));
  const needs = new Map(plans.map(({ what, needsMb }) => [what, needsMb]));
  if (sum(needs) > dataMb) throw noDisk(diskGb, dataMb, needs, dataDiskGb);
  return new Map(plans.map(({ name, keeps }) => [name, keeps]));
}

function tooSmall(hostMb: number, room: number, wanted: ReadonlyMap<string, number>, verb: string): UnsupportedMachine {
  const enough = Math.ceil(sum(wanted) / CONTAINERS_SHARE);
  return new UnsupportedMachine(
    `the host has ${hostMb} MB of memory, of which containers may take ${room} MB (three quarters); they ${verb} ${spell(wanted)} MB: ` +
      `use a host with ${enough} MB or more, or lower the vars that end in _memory_mb`,
  );
}

function noDisk(
  diskGb: number,
  dataMb: number,
  needs: ReadonlyMap<string, number>,
  dataDiskGb: number | undefined,
): UnsupportedMachine {
  const from = `three quarters of what ${SYSTEM_GB} GB for the system and images leave of ${diskGb} GB`;
  return new UnsupportedMachine(
    `data may take ${Math.max(0, dataMb)} MB of the disk (${dataDiskGb === undefined ? from : "data_disk_gb"}), and needs ${spell(needs)} MB: ` +
      "use a larger disk, set data_disk_gb, or lower the retention or what is expected a day (the vars that end in _mb_per_day)",
  );
}

function spell(parts: ReadonlyMap<string, number>): string {
  const named = [...parts].filter(([, size]) => size > 0);
  return `${named.map(([name, size]) => `${name} ${size}`).join(" + ")} = ${sum(parts)}`;
}

function sum(parts: ReadonlyMap<string, number>): number {
  return [...parts.values()].reduce((all, part) => all + part, 0);
}

function total(wishes: readonly MemoryShare[], part: (one: MemoryShare) => number): number {
  return wishes.map(part).reduce((all, one) => all + one, 0);
}
