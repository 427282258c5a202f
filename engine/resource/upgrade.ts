import { lines, sh } from "../shell/sh.ts";
import { aptGet, fresh, LISTS, OPTIONS, settle } from "./apt.ts";
import { type Change, defineResource, ProbeError } from "./resource.ts";

export interface UpgradeDesired {
  /** The only choice so far. Packages on hold (`apt-mark hold`) stay as they are. */
  readonly of: "all packages";
}

interface Upgrade {
  readonly name: string;
  /** None where it only comes with a newer package: the image of another kernel. */
  readonly from: string | undefined;
  readonly to: string;
}

interface UpgradeCurrent {
  readonly areListsFresh: boolean;
  readonly upgrades: readonly Upgrade[];
}

const LISTS_FIELD = "lists of packages";

/** All packages as new as apt's lists have them, and the lists of the last hour. Nothing is removed, and configuration that somebody edited stays. */
export const upgrade = defineResource<UpgradeDesired, UpgradeCurrent>({
  name: "upgrade",
  id: ({ of }) => of,
  // A simulation: it takes no lock, and apt's words are those of no language.
  probe: () => sh`
    command -v apt-get >/dev/null || { echo "has no apt-get: only apt hosts are supported yet" >&2; exit 1; }
    if [ -n "$(${fresh})" ]; then echo lists fresh; else echo lists old; fi
    LC_ALL=C apt-get -s -o Debug::NoLocking=true --with-new-pkgs upgrade`,
  parse: (stdout, all) => {
    const current = parseUpgrades(stdout);
    return all.map(() => current);
  },
  diff: (_, { areListsFresh, upgrades }) => [
    ...(areListsFresh ? [] : [{ field: LISTS_FIELD, before: "older than an hour", after: "of the last hour" }]),
    ...upgrades.map(({ name, from, to }): Change => ({ field: name, before: from, after: to, isVersion: true })),
  ],
  // What newer lists know besides is another pass's.
  apply: (_, changes) =>
    lines([
      sh`
        ${aptGet}
        lists=${LISTS}
        ${settle}`,
      ...(changes.some(({ field }) => field === LISTS_FIELD) ? [sh`try update`] : []),
      ...(changes.some(({ field }) => field !== LISTS_FIELD) ? [sh`try upgrade --with-new-pkgs ${OPTIONS}`] : []),
    ]),
  merge: ([first]) => first ?? { of: "all packages" },
});

/** Reads the lines of `apt-get -s`: `Inst libc6 [2.41-12] (2.41-13 Debian:13.3/stable [arm64])`. */
function parseUpgrades(stdout: string): UpgradeCurrent {
  const [, age] = /^lists (fresh|old)\n/.exec(stdout) ?? [];
  if (age === undefined) throw new ProbeError(`upgrade: unexpected: ${stdout.slice(0, 200)}`);
  const lines = stdout.split("\n").filter((line) => line.startsWith("Inst "));
  const upgrades = lines.map((line) => {
    const [, name, from, to] = /^Inst (\S+) (?:\[(\S+)\] )?\((\S+) /.exec(line) ?? [];
    if (name === undefined || to === undefined) throw new ProbeError(`upgrade: unexpected line: ${line}`);
    return { name, from, to };
  });
  return { areListsFresh: age === "fresh", upgrades };
}
