import t from "tap";
import { factsProbe, parseFacts } from "../../engine/facts/facts.ts";
import { runSections, shells } from "../support/shells.ts";

for (const shell of shells) {
  t.test(`facts are gathered in ${shell[0]}`, async (t) => {
    const [section] = runSections(shell, [factsProbe]);
    const facts = parseFacts(section?.stdout ?? "");
    t.match(facts, { machine: /^(x86_64|aarch64)$/, os: { id: /./ }, bootId: /^[0-9a-f-]{36}$/, loginUser: /./ });
    t.ok(facts.cpus >= 1 && facts.memoryBytes > 1e8 && facts.diskFreeBytes > 0);
  });
}

// Printed by an emulated arm64 host: Debian 12, user ubuntu, root by sudo.
const probed = `hostname app-dev
machine aarch64
os_id debian
os_version 12
os_name Debian GNU/Linux 12 (bookworm)
cpus 2
memory_kib 24625236
disk_kib 82471552
boot_id 1f0b9f6e-7a0c-4f7e-9d2b-6a5f1a0c9e11
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
    diskFreeBytes: 82471552 * 1024,
    bootId: "1f0b9f6e-7a0c-4f7e-9d2b-6a5f1a0c9e11",
    systemd: true,
    loginUser: "ubuntu",
    becomeBy: "sudo",
  });
});

t.test("a fact that is missing or no number is an error that names it", async (t) => {
  t.throws(() => parseFacts(probed.replace(/^machine.*\n/m, "")), /did not say its machine/);
  t.throws(() => parseFacts(probed.replace(/^cpus.*$/m, "cpus many")), /cpus is not a number: many/);
});
