import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import t from "tap";
import { fingerprint, publicLine } from "../../engine/connection/public-key.ts";
import { bench, pinned } from "../support/bench.ts";
import { machineImage, startContainer } from "../support/container.ts";
import { type Ended, runProgram } from "../support/program.ts";
import { loginKey } from "../support/spoiled.ts";
import { noLab } from "../support/stand.ts";

t.setTimeout(10 * 60_000);

const printsOf = (lines: readonly string[]) => lines.flatMap((line) => publicLine(line) ?? []).map(fingerprint);

/** cloud-init of Debian does its first boot with these user data, as on an instance. */
const firstBoot = (
  userData: string,
) => `{ apt-get update; apt-get install -y --no-install-recommends cloud-init; } >/dev/null 2>&1
mkdir -p /var/lib/cloud/seed/nocloud
echo 'instance-id: i-1' >/var/lib/cloud/seed/nocloud/meta-data
echo ${Buffer.from(userData).toString("base64")} | base64 -d >/var/lib/cloud/seed/nocloud/user-data
{ cloud-init init --local; cloud-init init; cloud-init modules --mode config; cloud-init modules --mode final; } >/console 2>&1`;

t.test("whose key is taken, and whose is not", { skip: noLab }, async (t) => {
  const [image, key] = [await machineImage(), loginKey(t)];
  const start = (spoil = "") => startContainer(t, image, { publicKey: `${key}.pub`, spoil });
  const made = await runProgram("bootstrap", ["web"]);
  const announced = /--rebuilt (web=SHA256:\S+)\n/.exec(made.stderr)?.[1] ?? "";
  const [one, other, booted] = await Promise.all([
    start("ssh-keygen -q -t ecdsa -N '' -f /etc/ssh/ssh_host_ecdsa_key"),
    start(),
    start(firstBoot(made.stdout)),
  ]);
  const at = (port: number) => `[127.0.0.1]:${port}`;
  const gone = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMLQRKQwtNPWLj8o6LOL8q80GXMiMS7PWggIhTlR7++S";

  /** A first contact with the machine at a port, of which the inventory's file says this. */
  const contact = async (
    port: number,
    pins: string,
    ...options: readonly string[]
  ): Promise<Ended & { pins: string }> => {
    const vars = { host: "127.0.0.1", port, user: "ops", key };
    const inventory = bench(t, { web: vars }, { pins });
    const ended = await inventory.exec("web", "id -un", { options });
    return { ...ended, pins: readFileSync(`${inventory.dir}/pins`, "utf8") };
  };
  const old = `${at(one.port)} ${gone}\n`;
  const ed25519 = one.keys.filter((line) => line.startsWith("ssh-ed25519"));
  const ecdsa = one.keys.filter((line) => line.startsWith("ecdsa"));
  const isTaken = { code: 0, stdout: "web | exit 0\n  ops\n" };
  const CASES = [
    {
      name: "rebuilt, and not announced",
      contact: () => contact(one.port, old),
      ends: { code: 4, stderr: /host key of web .* changed\n[\s\S]*--rebuilt web/, pins: old },
    },
    {
      name: "somebody in between with a key of their own, whatever new hosts are allowed",
      contact: () => contact(one.port, old, "--accept-new"),
      ends: { code: 4, stderr: /changed\n[\s\S]*someone may be in between/, pins: old },
    },
    {
      name: "rebuilt, and announced",
      contact: () => contact(one.port, old, "--rebuilt", "web"),
      ends: { ...isTaken, pins: pinned(at(one.port), ed25519) },
    },
    {
      name: "rebuilt, and announced by the fingerprint on its console",
      contact: () => contact(one.port, old, "--rebuilt", `web=${printsOf(ed25519)}`),
      ends: { ...isTaken, pins: pinned(at(one.port), ed25519) },
    },
    {
      name: "rebuilt, and announced by all fingerprints on its console, where a key of another type was pinned",
      contact: () =>
        contact(
          one.port,
          `${at(one.port)} ${ecdsa[0]?.replace(/.{20} /, "AAAAAAAAAAAAAAAAAAA= ")}\n`,
          "--rebuilt",
          `web=${printsOf(one.keys)}`,
        ),
      ends: { ...isTaken, pins: pinned(at(one.port), ed25519) },
    },
    {
      name: "announced by another fingerprint than it has: somebody in between, or a mistake",
      contact: () => contact(one.port, old, "--rebuilt", `web=${printsOf([gone])}`),
      ends: { code: 4, stderr: /is not the one that --rebuilt names\n[\s\S]*Nothing was pinned/, pins: old },
    },
    {
      name: "an address that another host of ours has now",
      contact: () => contact(other.port, `${at(other.port)} ${gone}\n${pinned("10.0.0.12", other.keys)}`),
      ends: { code: 4, stderr: /is that of 10\.0\.0\.12 \(.*pins:2\)\n[\s\S]*correct it in the inventory/ },
    },
    {
      name: "the same, announced as rebuilt: it would get the wrong roles",
      contact: () =>
        contact(other.port, `${at(other.port)} ${gone}\n${pinned("10.0.0.12", other.keys)}`, "--rebuilt", "web"),
      ends: { code: 4, stderr: /is no new one: it is that of 10\.0\.0\.12/ },
    },
    {
      name: "a host of ours that moved to a new address",
      contact: () => contact(other.port, pinned("10.0.0.12", other.keys)),
      ends: { code: 4, stderr: /is unknown\n[\s\S]*It is the key of 10\.0\.0\.12/ },
    },
    {
      name: "the same, with --accept-new",
      contact: () => contact(other.port, pinned("10.0.0.12", other.keys), "--accept-new"),
      ends: isTaken,
    },
    {
      name: "a machine that cloud-init gave the key of bootstrap.mts",
      contact: () => contact(booted.port, `${at(booted.port)} ${gone}\n`, "--rebuilt", announced),
      ends: { ...isTaken, pins: pinned(at(booted.port), booted.keys) },
    },
    {
      name: "another machine at its address",
      contact: () => contact(other.port, "", "--rebuilt", announced),
      ends: { code: 4, stderr: /is not the one that --rebuilt names/, pins: "" },
    },
  ];
  for (const { name, contact, ends } of CASES)
    await t.test(name, async (t) => {
      const ended = await contact();
      t.match(ended, ends);
      const sentence = /^(?:UNREACHABLE) .*/m.exec(ended.stderr)?.[0] ?? "taken, and pinned";
      t.comment(`| ${name} | ${sentence} |`);
    });

  await t.test("what a machine printed on its console is the option that takes its key", async (t) => {
    const said = await booted.run("/usr/lib/cloud-init/write-ssh-key-fingerprints '' ''");
    const { code, stdout } = await runProgram("bootstrap", ["--console", "web"], { input: said });
    t.match({ code, stdout }, { code: 0, stdout: `--rebuilt ${announced}\n` });
    t.match(await booted.run("cat /console"), "BEGIN SSH HOST KEY KEYS", "cloud-init prints it itself");
    t.equal(
      await booted.run("ls /etc/ssh/*key"),
      "/etc/ssh/ssh_host_ed25519_key\n",
      "and the machine has no other key",
    );
  });

  await t.test("OpenSSH's own client takes what was pinned", async (t) => {
    const { pins } = await contact(booted.port, "", "--rebuilt", announced);
    const dir = t.testdir({ known: pins });
    const options = ["-F", "none", "-i", key, "-o", `UserKnownHostsFile=${dir}/known`, "-o", "BatchMode=yes"];
    t.equal(
      execFileSync("ssh", [...options, "-p", `${booted.port}`, "ops@127.0.0.1", "id -un"], { encoding: "utf8" }),
      "ops\n",
    );
  });
});
