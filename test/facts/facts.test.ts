import t from "tap";
import { diskOf, factsProbe, parseFacts } from "../../engine/facts/facts.ts";
import { runSections, shells } from "../support/shells.ts";
import { canTrace, processesOf } from "../support/trace.ts";

for (const shell of shells) {
  t.test(`facts are gathered in ${shell[0]}`, async (t) => {
    const [section] = runSections(shell, [factsProbe(["/usr/none/here"])]);
    const facts = parseFacts(section?.stdout ?? "");
    t.match(facts, { machine: /^(x86_64|aarch64)$/, os: { id: /./ }, bootId: /^[0-9a-f-]{36}$/, loginUser: /./ });
    t.ok(facts.cpus >= 1 && facts.memoryBytes > 1e8);
    t.ok(diskOf(facts, "/").bytes >= diskOf(facts, "/").freeBytes && diskOf(facts, "/").freeBytes > 0);
    t.same(Object.keys(facts.disks), ["/", "/usr/none/here"]);
    t.ok(diskOf(facts, "/usr/none/here").bytes > 0, "a folder that is not there yet has the disk of the one above");
  });

  t.test(`facts take three processes in ${shell[0]}`, { skip: !canTrace && "no strace" }, async (t) => {
    // bash takes two for what has its stderr closed.
    const most = shell[0] === "bash" ? 4 : 3;
    t.ok(processesOf(t.testdir(), shell, factsProbe(["/usr/none/here"])) <= most);
  });
}

// Printed by an emulated arm64 host: Debian 12, user ubuntu, root by sudo.
const probed = `os_id debian
os_version 12
os_name Debian GNU/Linux 12 (bookworm)
uname app-dev aarch64
cpus_online 0-1
memory_kib 24625236
memory_limit 9223372036854771712
disk 264212084 82471552 /
disk 1048576 1024 /var/lib/my data
boot_id 1f0b9f6e-7a0c-4f7e-9d2b-6a5f1a0c9e11
addresses 172.30.86.11 fd00::242:ac1e:560b 
systemd yes
login_user ubuntu
become_by sudo
`;

t.test("facts of an app host are read", async (t) => {
  t.same(parseFacts(probed), {
    hostname: "app-dev",
    machine: "aarch64",
    os: { id: "debian", version: "12", name: "Debian GNU/Linux 12 (bookworm)" },
    cpus: 2,
    memoryBytes: 24625236 * 1024,
    disks: {
      "/": { bytes: 264212084 * 1024, freeBytes: 82471552 * 1024 },
      "/var/lib/my data": { bytes: 1024 ** 3, freeBytes: 1024 ** 2 },
    },
    addresses: ["172.30.86.11", "fd00::242:ac1e:560b"],
    bootId: "1f0b9f6e-7a0c-4f7e-9d2b-6a5f1a0c9e11",
    systemd: true,
    loginUser: "ubuntu",
    becomeBy: "sudo",
    changedBefore: false,
  });
});

t.test("a fact that is missing or no number is an error that names it", async (t) => {
  t.throws(() => parseFacts(probed.replace(/^uname.*\n/m, "")), /did not say its uname/);
  t.throws(() => parseFacts(probed.replace(" aarch64", "")), /did not say its machine/);
  t.throws(() => parseFacts(probed.replace(/^cpus.*$/m, "cpus many")), /cpus is not a number: many/);
  t.throws(() => parseFacts(probed.replace(/^cpus.*$/m, "cpus_online none")), /cpus_online is no list/);
});

t.test("processors are counted in the kernel's list, and by getconf where that cannot be read", async (t) => {
  const cpus = (line: string) => parseFacts(probed.replace(/^cpus.*$/m, line)).cpus;
  t.same(["cpus_online 0", "cpus_online 0-3,8,10-11", "cpus 6"].map(cpus), [1, 7, 6]);
});

for (const { name, limit, bytes } of [
  { name: "a container's limit is its memory", limit: "2147483648", bytes: 2 * 1024 ** 3 },
  { name: "no limit, as cgroup v2 says it or as no file at all", limit: "max", bytes: 24625236 * 1024 },
  { name: "no limit, as cgroup v1 says it", limit: "9223372036854771712", bytes: 24625236 * 1024 },
]) {
  t.test(name, async (t) => {
    t.equal(parseFacts(probed.replace(/^memory_limit.*$/m, `memory_limit ${limit}`)).memoryBytes, bytes);
  });
}

t.test("a folder has the disk of the nearest folder above that was measured", async (t) => {
  const disk = (bytes: number) => ({ bytes, freeBytes: 0 });
  const facts = { disks: { "/": disk(1), "/var": disk(2), "/var/lib/docker": disk(3) } };
  t.equal(diskOf(facts, "/").bytes, 1);
  t.equal(diskOf(facts, "/variable").bytes, 1);
  t.equal(diskOf(facts, "/var/lib").bytes, 2);
  t.equal(diskOf(facts, "/var/lib/docker/volumes").bytes, 3);
});
