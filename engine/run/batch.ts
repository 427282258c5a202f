import { MismatchError } from "../format/mismatch.ts";
import type { RolePlay, Serial } from "../role/playbook.ts";

/** Splits hosts as `serial` says: each size in turn, the last one for all that follow. A share is at least one host. */
export function batches<T>(hosts: readonly T[], serial: RolePlay["serial"]): readonly (readonly T[])[] {
  const sizes = [serial ?? []].flat().map((size) => sizeOf(size as Serial, hosts.length));
  if (sizes.length === 0) return hosts.length > 0 ? [hosts] : [];
  const result: (readonly T[])[] = [];
  for (let at = 0; at < hosts.length; ) {
    const size = sizes[Math.min(result.length, sizes.length - 1)] ?? hosts.length;
    result.push(hosts.slice(at, at + size));
    at += size;
  }
  return result;
}

/** Why a play stops, and whether the run stops with it. */
export interface Stop {
  readonly reason: string;
  readonly scope: "play" | "run";
}

/** Decides after a batch in which so many hosts failed; undefined when the play goes on. */
export function stopReason(play: RolePlay, failed: number, size: number): Stop | undefined {
  if (failed === 0) return undefined;
  const found = `${failed} of ${size} hosts failed`;
  if (play.anyErrorsFatal) return { reason: `anyErrorsFatal: ${found}`, scope: "run" };
  const { maxFailPercentage: allowed } = play;
  if (allowed !== undefined && (failed / size) * 100 > allowed)
    return { reason: `maxFailPercentage ${allowed}: ${found}`, scope: "run" };
  return failed === size ? { reason: `all of a batch failed: ${found}`, scope: "play" } : undefined;
}

function sizeOf(serial: Serial, count: number): number {
  const size = typeof serial === "number" ? serial : Math.floor((Number.parseFloat(serial) / 100) * count);
  if (!Number.isFinite(size) || size < 0 || serial === 0)
    throw new MismatchError({
      message: "serial",
      found: `${serial}`,
      expected: 'a number above 0 or a share such as "25%"',
    });
  return Math.max(1, Math.floor(size));
}
