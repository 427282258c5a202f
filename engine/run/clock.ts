import { sh } from "../shell/sh.ts";
import type { Suspicion } from "./suspicion.ts";

/** What OpenSSL, curl, GnuTLS and apt say of what is judged by a wrong clock. */
const COMPLAINT =
  /not (?:yet )?valid (?:yet|\(invalid for)|not yet (?:valid|activated)|is(?: already)? expired|has expired|not live until/i;

/** Certificates and signatures are made with some minutes to spare. */
const MUCH_SECONDS = 300;

/** A clock that is far from ours. */
export const clockSuspicion: Suspicion = {
  complains: (said) => COMPLAINT.test(said),
  asks: () => sh`date +%s`,
  finds: ({ host, now }, stdout) => {
    const clock = /^\d+$/m.test(stdout) ? Number(stdout) : now;
    if (Math.abs(clock - now) < MUCH_SECONDS) return undefined;
    const [theirs, ours] = [clock, now].map((seconds) => `${new Date(seconds * 1000).toISOString().slice(0, 16)}Z`);
    return {
      message: `the clock of ${host} is ${apart(Math.abs(clock - now))} ${clock < now ? "behind" : "ahead"} (${theirs}; here it is ${ours})`,
      hint: `Let it be kept right (timedatectl set-ntp true, with systemd-timesyncd or chrony), then run again; if ${host} is right, correct this machine's.`,
    };
  },
};

function apart(seconds: number): string {
  const [size, unit] = (
    [
      [86_400, "day"],
      [3600, "hour"],
      [60, "minute"],
    ] as const
  ).find(([one]) => seconds >= one) ?? [1, "second"];
  const count = Math.round(seconds / size);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
