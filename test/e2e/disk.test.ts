import t from "tap";
import { fills, meetsMachines, type SpoiledMachine, small } from "../support/spoiled.ts";
import { noLab } from "../support/stand.ts";

t.setTimeout(20 * 60_000);

const READ_ONLY = ["--cap-add", "SYS_ADMIN", "--security-opt", "apparmor=unconfined"];

const DISKS: readonly SpoiledMachine[] = [
  {
    name: "a full /tmp",
    spoil: fills("/tmp"),
    docker: small("/tmp"),
    play: { file_path: "/tmp/x" },
    message: /^FAILED web: \/tmp is full on web \(0 bytes free of 64 KB\): file \/tmp\/x failed/m,
  },
  {
    name: "a full /var/log, for the journal",
    spoil: fills("/var/log"),
    docker: small("/var/log"),
    play: { file_path: "/srv/x" },
    message: /^FAILED web: \/var\/log is full on web \(0 bytes free of 64 KB\): /m,
  },
  {
    name: "a full /var/lib, for the lock",
    spoil: fills("/var/lib/hostwright"),
    docker: small("/var/lib/hostwright"),
    play: { file_path: "/srv/x" },
    message: /^FAILED web: \/var\/lib\/hostwright is full on web/m,
  },
  {
    name: "a full disk, for a handler",
    spoil: fills("/srv"),
    docker: small("/srv"),
    play: { file_path: "/tmp/x", handler_path: "/srv/y" },
    message: /^FAILED web: \/srv is full on web .*: handler disk: write failed/m,
  },
  {
    name: "a disk without inodes",
    spoil: "i=0; while echo >/srv/$i; do i=$((i+1)); done 2>/dev/null || :",
    docker: ["--tmpfs", "/srv:size=4m,nr_inodes=20"],
    play: { file_path: "/srv/x" },
    message: /^FAILED web: \/srv is full on web \(0 of 20 inodes free\)/m,
  },
  {
    name: "a disk that is too small",
    docker: small("/srv"),
    play: { file_path: "/srv/x", file_kib: 100 },
    message: /^FAILED web: \/srv is too small on web \(64 KB free of 64 KB\)/m,
  },
  {
    name: "a read-only root",
    docker: READ_ONLY,
    spoil: "mount -o remount,bind,ro /",
    play: { file_path: "/srv/x" },
    message: /^FAILED web: \/ is read-only on web: (?:.*\n)+ {2}next .*remount,rw/m,
  },
  {
    name: "a read-only /srv",
    docker: ["--tmpfs", "/srv:ro"],
    play: { file_path: "/srv/x" },
    message: /^FAILED web: \/srv is read-only on web: file \/srv\/x failed/m,
  },
  {
    name: "a full /tmp that nobody writes to",
    spoil: fills("/tmp"),
    docker: small("/tmp"),
    play: { file_path: "/srv/x", handler_path: "/srv/y" },
    message: /changed=1/,
    code: 0,
  },
  {
    name: "a /tmp from which nothing runs",
    docker: ["--tmpfs", "/tmp:noexec"],
    play: { file_path: "/tmp/x", handler_path: "/srv/y" },
    message: /changed=1/,
    code: 0,
  },
  {
    name: "a sudo that records what the lock's shell hears, on a pty",
    spoil: "printf 'Defaults log_input, log_output, use_pty\\nops ALL=(ALL) NOPASSWD: ALL\\n' >/etc/sudoers.d/ops",
    play: { file_path: "/srv/x", handler_path: "/srv/y" },
    message: /changed=1/,
    code: 0,
  },
];

t.test("a machine whose disk takes nothing more", { skip: noLab }, (t) => meetsMachines(t, DISKS));
