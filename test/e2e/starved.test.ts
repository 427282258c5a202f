import t from "tap";
import { meetsMachines, type SpoiledMachine } from "../support/spoiled.ts";
import { noLab } from "../support/stand.ts";

t.setTimeout(20 * 60_000);

/** No memory beyond this, swap included. */
const memory = (size: string): readonly string[] => ["--memory", size, "--memory-swap", size];

const MACHINES: readonly SpoiledMachine[] = [
  {
    name: "no memory, so that the kernel ends our shell",
    docker: memory("48m"),
    play: { file_path: "/srv/x", file_kib: 60_000 },
    message:
      /^FAILED web: a program was killed on web, which ran out of memory .* \(.* of 48 MB available\): the host's shell .*exit 137/m,
  },
  {
    name: "no memory for what runs as root",
    spoil: "echo 'root hard as 6000' >/etc/security/limits.conf",
    play: { file_path: "/srv/x" },
    message:
      /^FAILED web: a program got no more memory on web \(.* available\): cannot probe file \/srv\/x(?:.*\n)+ {2}next .*ulimit -v/m,
  },
  {
    name: "no more processes",
    docker: ["--pids-limit", "10"],
    play: { file_path: "/srv/x" },
    message:
      /^FAILED web: web cannot start another process.*: file \/srv\/x failed: exit 2(?:.*\n)+ {2}next .*pids-limit/m,
  },
];
/** All programs have another clock, sudo as well: https://github.com/wolfcw/libfaketime. */
const clock = (difference: string): string => `apt-get update >/dev/null
apt-get install -y --no-install-recommends libfaketime >/dev/null
echo ${difference} >/etc/faketimerc
echo /usr/lib/*/faketime/libfaketime.so.1 >/etc/ld.so.preload`;

const CLOCKS: readonly SpoiledMachine[] = [
  {
    name: "a clock a year behind",
    spoil: clock("-365d"),
    play: { file_path: "/srv/x" },
    message: /changed=1/,
    code: 0,
  },
  {
    name: "a clock a year ahead",
    spoil: clock("+365d"),
    play: { file_path: "/srv/x" },
    message: /changed=1/,
    code: 0,
  },
  {
    name: "a clock a year behind, for a package",
    spoil: `${clock("-365d")}; rm -r /var/lib/apt/lists`,
    file: "packages",
    play: { wanted: "bc" },
    message:
      /^FAILED web: the clock of web is 365 days behind \(.*; here it is .*\): package bc failed(?:.*\n)+ {2}next .*set-ntp/m,
  },
];

t.test("a machine that has no memory, no processes, or the wrong time", { skip: noLab }, (t) =>
  meetsMachines(t, [...MACHINES, ...CLOCKS]),
);
