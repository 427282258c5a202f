import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import t from "tap";
import { parse } from "yaml";
import { fingerprintsIn } from "../../engine/cli/bootstrap.ts";
import { fingerprint } from "../../engine/connection/public-key.ts";
import { runProgram } from "../support/program.ts";
import { testKey } from "../support/sshd.ts";

const [ed, ecdsa, rsa, before] = [testKey(), testKey("ecdsa"), testKey("rsa"), testKey()];
const keys = (lines: readonly string[]) =>
  ["-----BEGIN SSH HOST KEY KEYS-----", ...lines, "-----END SSH HOST KEY KEYS-----"].join("\n");
/** As cloud-init 25.1 prints them by logger -s. */
const prints = (all: readonly (readonly [bits: number, blob: Buffer, type: string])[]) =>
  [
    "#############################################################",
    "-----BEGIN SSH HOST KEY FINGERPRINTS-----",
    ...all.map(([bits, blob, type]) => `${bits} ${fingerprint(blob)} root@ip-10-0-0-5 (${type})`),
    "-----END SSH HOST KEY FINGERPRINTS-----",
  ]
    .map((line) => `<14>Nov 27 16:59:25 cloud-init: ${line}`)
    .join("\r\n");

const CONSOLES = [
  {
    name: "whole keys, of which the last has no line end behind it",
    output: `[    5.1] Linux\n${keys([`${ecdsa.public} root@ip`, `${rsa.public} root@ip`])}\n${keys([`${ed.public} app-1`]).replace("\n-----END", "-----END")}\nlogin: `,
    found: [ed],
  },
  {
    name: "keys of each type, behind a prefix",
    output: keys([ecdsa, ed, rsa].map((key) => `[   25.123456] cloud-init[812]: ${key.public} root@ip`)),
    found: [ecdsa, ed, rsa],
  },
  {
    name: "fingerprints alone",
    output: prints([
      [256, ed.blob, "ED25519"],
      [2048, rsa.blob, "RSA"],
    ]),
    found: [ed, rsa],
  },
  { name: "of two first boots the last", output: `${keys([before.public])}\n…\n${keys([ed.public])}`, found: [ed] },
  { name: "keys that stand elsewhere are none", output: `ci-info: ${ed.public} me@laptop`, found: [] },
  { name: "a console that was cut", output: keys([ed.public]).slice(0, 60), found: [] },
  { name: "nothing", output: "", found: [] },
];

for (const { name, output, found } of CONSOLES)
  t.test(`host keys on a console: ${name}`, async (t) => {
    t.same(
      fingerprintsIn(output),
      found.map(({ blob }) => fingerprint(blob)),
    );
  });

t.test("user data give a machine a key that is written nowhere else", async (t) => {
  const { code, stdout, stderr } = await runProgram("bootstrap", ["app-1"]);
  t.equal(code, 0, stderr);
  t.match(stdout, /^#cloud-config\n/);
  const { ssh_keys: made, ssh_deletekeys } = parse(stdout);
  t.equal(ssh_deletekeys, true);
  const dir = t.testdir();
  writeFileSync(`${dir}/key`, made.ed25519_private, { mode: 0o600 });
  const own = execFileSync("ssh-keygen", ["-y", "-f", `${dir}/key`], { encoding: "utf8" });
  t.equal(own.trim(), made.ed25519_public.trim(), "both halves are of one key");
  const shown = execFileSync("ssh-keygen", ["-l", "-f", `${dir}/key`], { encoding: "utf8" }).split(" ")[1];
  t.match(stderr, `add to the first run: --rebuilt app-1=${shown}\n`);
  t.same(
    readdirSync(tmpdir()).filter((file) => file.startsWith("hostwright-key-")),
    [],
  );
});

t.test("a console's keys become the option that takes them", async (t) => {
  const input = keys([`${ecdsa.public} root@ip`, `${ed.public} root@ip`]);
  const { code, stdout, stderr } = await runProgram("bootstrap", ["--console", "app-1"], { input });
  t.equal(code, 0, stderr);
  t.equal(stdout, `--rebuilt app-1=${fingerprint(ecdsa.blob)},${fingerprint(ed.blob)}\n`);
  t.match(stderr, "app-1: its console shows 2 host keys.");
});

const WRONG = [
  { args: [], message: "found no host, expected one host (--help says more)" },
  { args: ["a", "b"], message: 'found "b" behind the host, expected one host (--help says more)' },
  { args: ["--console", "a b"], message: 'found "a b", expected the name of a host in the inventory' },
  {
    args: ["--console", "a"],
    message:
      "the console output of a: found nothing, expected what cloud-init prints between BEGIN SSH HOST KEY KEYS and END",
  },
  { args: ["--consle", "a"], message: /did you mean "?--console/ },
];

for (const { args, message } of WRONG)
  t.test(`bootstrap ${args.join(" ")}: refused`, async (t) => {
    const { code, stdout, stderr } = await runProgram("bootstrap", args);
    t.same([code, stdout], [1, ""]);
    t.match(stderr, message);
  });
