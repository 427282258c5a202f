import { spawnSync } from "node:child_process";
import t from "tap";
import { diskProbe, diskTrouble, type FileSystem, parseFileSystems } from "../../engine/run/disk.ts";
import { runSections, shells } from "../support/shells.ts";

const system = (mount: string, more: Partial<FileSystem> = {}): FileSystem => ({
  mount,
  isReadOnly: false,
  size: 2 * 1024 ** 3,
  free: 1024 ** 3,
  inodes: 1000,
  freeInodes: 500,
  ...more,
});

const NO_SPACE = "mktemp: failed to create file via template '/srv/x': No space left on device";
const READ_ONLY = "mkdir: cannot create directory '/srv/x': Read-only file system";

interface Case {
  readonly name: string;
  readonly said: string;
  readonly found: readonly FileSystem[];
  /** `undefined`: the disks are not the reason. */
  readonly message: string | undefined;
}

const cases: readonly Case[] = [
  {
    name: "the full one of several",
    said: NO_SPACE,
    found: [system("/srv"), system("/var/log", { free: 0 })],
    message: "/var/log is full on web-1 (0 bytes free of 2 GB)",
  },
  {
    name: "where what did not fit is gone again, the one that was written to",
    said: NO_SPACE,
    found: [system("/srv"), system("/")],
    message: "/srv is too small on web-1 (1 GB free of 2 GB)",
  },
  {
    name: "the one that apt has too little room on",
    said: "E: You don't have enough free space in /var/cache/apt/archives/.",
    found: [system("/var", { free: 20 * 1024 ** 2 })],
    message: "/var is too small on web-1 (20 MB free of 2 GB)",
  },
  {
    name: "one without inodes",
    said: NO_SPACE,
    found: [system("/"), system("/srv", { freeInodes: 0 })],
    message: "/srv is full on web-1 (0 of 1000 inodes free)",
  },
  {
    name: "none, where inodes are not counted and a shell's words may mean something else",
    said: "sh: 9: printf: printf: I/O error",
    found: [system("/", { inodes: 0, freeInodes: 0 })],
    message: undefined,
  },
  {
    name: "a nearly full one, for the same words",
    said: "sh: 9: printf: printf: I/O error",
    found: [system("/", { free: 65536 })],
    message: "/ is too small on web-1 (64 KB free of 2 GB)",
  },
  {
    name: "a read-only one, not the full image beside it",
    said: READ_ONLY,
    found: [system("/snap/core", { free: 0, isReadOnly: true }), system("/srv")],
    message: "/snap/core is read-only on web-1",
  },
  {
    name: "no image, for it is always full",
    said: "printf: write error",
    found: [system("/"), system("/snap/core", { free: 0, isReadOnly: true })],
    message: undefined,
  },
  { name: "a quota", said: "cp: Disk quota exceeded", found: [], message: "a disk quota is used up on web-1" },
  { name: "none, where none was told", said: NO_SPACE, found: [], message: undefined },
];

for (const { name, said, found, message } of cases) {
  t.test(`a disk that takes nothing is named: ${name}`, async (t) => {
    t.equal(diskTrouble("web-1", said, found)?.message, message);
  });
}

for (const shell of shells) {
  t.test(`file systems are asked for in ${shell[0]}, first those of the paths`, async (t) => {
    const [section] = runSections(shell, [diskProbe(["/proc/no/such/path", "/it's $HOME/x"])]);
    t.match(section, { status: 0, stderr: "" });
    const found = parseFileSystems(section?.stdout ?? "");
    t.equal(found[0]?.mount, "/proc");
    const root = found.find(({ mount }) => mount === "/");
    const df = spawnSync("df", ["-Pk", "/"], { encoding: "utf8" }).stdout.trim().split("\n").at(-1)?.split(/\s+/);
    t.equal(root?.size, Number(df?.[1]) * 1024);
    t.equal(new Set(found.map(({ mount }) => mount)).size, found.length, "each once");
  });
}
