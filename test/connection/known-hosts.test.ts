import { createHmac } from "node:crypto";
import { chmodSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import t from "tap";
import {
  coversHost,
  editFile,
  parseKnownHosts,
  pinName,
  withoutHost,
  withPin,
} from "../../engine/connection/known-hosts.ts";
import { describeKey } from "../../engine/connection/public-key.ts";

// Made by ssh-keygen; the fingerprint is what ssh-keygen -l prints for it.
const ED25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIAxM+vDWUrbQrAZCA1dUerV81MKYcmhCpKH2LWQ9V7ty";
const FINGERPRINT = "SHA256:SikNvTRmNFyWYm7qy6UEJPbA+d3TVXegQGAc5H9WyQM";
const key = Buffer.from(ED25519, "base64");

function hashed(name: string): string {
  const salt = Buffer.alloc(20, 7);
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
}

t.test("known_hosts: lines with a key are read, with marker, comment and place", async (t) => {
  const text = [
    "# comment",
    "",
    `web ssh-ed25519 ${ED25519} root@web`,
    `@revoked * ssh-ed25519 ${ED25519}`,
    `  @cert-authority *.example.com ssh-ed25519 ${ED25519}`,
    "web ssh-ed25519",
    "web 2048 35 1234567",
  ].join("\n");
  t.strictSame(
    parseKnownHosts(text, "f").map(({ line, marker, hosts, type }) => ({ line, marker, hosts, type })),
    [
      { line: 3, marker: undefined, hosts: "web", type: "ssh-ed25519" },
      { line: 4, marker: "revoked", hosts: "*", type: "ssh-ed25519" },
      { line: 5, marker: "cert-authority", hosts: "*.example.com", type: "ssh-ed25519" },
    ],
  );
});

const covered: readonly { name: string; hosts: string; host: string; covers: boolean }[] = [
  { name: "plain", hosts: "web", host: "web", covers: true },
  { name: "another host", hosts: "web", host: "web2", covers: false },
  { name: "case", hosts: "Web.Example.com", host: pinName("WEB.example.COM", 22), covers: true },
  { name: "list", hosts: "a,web,b", host: "web", covers: true },
  { name: "port", hosts: "[web]:2222", host: pinName("web", 2222), covers: true },
  { name: "other port", hosts: "[web]:2222", host: pinName("web", 22), covers: false },
  { name: "IPv6 with port", hosts: "[::1]:2222", host: pinName("::1", 2222), covers: true },
  { name: "star", hosts: "*.example.com", host: "web.example.com", covers: true },
  { name: "question mark", hosts: "web?", host: "web1", covers: true },
  { name: "question mark needs one", hosts: "web?", host: "web", covers: false },
  { name: "dot is a dot", hosts: "a.b", host: "axb", covers: false },
  { name: "negation wins", hosts: "*.example.com,!web.example.com", host: "web.example.com", covers: false },
  { name: "negation of another", hosts: "*.example.com,!db.example.com", host: "web.example.com", covers: true },
  { name: "only negation", hosts: "!db", host: "web", covers: false },
  { name: "hash", hosts: hashed("web"), host: "web", covers: true },
  { name: "hash with port", hosts: hashed("[web]:22022"), host: pinName("web", 22022), covers: true },
  { name: "hash of another", hosts: hashed("db"), host: "web", covers: false },
  { name: "unknown hash", hosts: "|2|a|b", host: "web", covers: false },
  { name: "star in a port", hosts: "[*]:2222", host: "[web]:2222", covers: true },
];

for (const { name, hosts, host, covers } of covered) {
  t.test(`known_hosts match: ${name}`, async (t) => t.equal(coversHost(hosts, host), covers));
}

const removed: readonly { name: string; before: string; after: string }[] = [
  { name: "its line", before: `web ssh-ed25519 ${ED25519}\n`, after: "" },
  { name: "all its types", before: `web ssh-ed25519 ${ED25519}\nweb ssh-rsa ${ED25519}\nx\n`, after: "x\n" },
  { name: "its name in a list", before: `a,web,b ssh-ed25519 ${ED25519} c\n`, after: `a,b ssh-ed25519 ${ED25519} c\n` },
  { name: "its hash", before: `${hashed("web")} ssh-ed25519 ${ED25519}\n`, after: "" },
];

for (const { name, before, after } of removed) {
  t.test(`known_hosts without a host: ${name} goes`, async (t) => t.equal(withoutHost(before, "web"), after));
}

const kept: readonly { name: string; line: string }[] = [
  { name: "another host", line: `db ssh-ed25519 ${ED25519}` },
  { name: "another port", line: `[web]:2222 ssh-ed25519 ${ED25519}` },
  { name: "another hash", line: `${hashed("db")} ssh-ed25519 ${ED25519}` },
  { name: "a pattern", line: `we* ssh-ed25519 ${ED25519}` },
  { name: "a revocation", line: `@revoked web ssh-ed25519 ${ED25519}` },
  { name: "an authority", line: `@cert-authority web ssh-ed25519 ${ED25519}` },
  { name: "a comment", line: "# web is here" },
];

for (const { name, line } of kept) {
  t.test(`known_hosts without a host: ${name} stays`, async (t) =>
    t.equal(withoutHost(`${line}\n`, "web"), `${line}\n`),
  );
}

t.test("known_hosts: a pin is one line, also after a file without a last line end", async (t) => {
  t.equal(withPin("", "web", key), `web ssh-ed25519 ${ED25519}\n`);
  t.equal(withPin("x", "web", key), `x\nweb ssh-ed25519 ${ED25519}\n`);
});

t.test("a key is described by type and fingerprint", async (t) => {
  t.equal(describeKey(key), `ED25519 ${FINGERPRINT}`);
});

t.test("editFile makes file and folder, 0644", async (t) => {
  const file = `${t.testdir()}/deep/er/known_hosts`;
  await editFile(file, (text) => `${text}a\n`);
  t.equal(readFileSync(file, "utf8"), "a\n");
  t.equal(statSync(file).mode & 0o777, 0o644);
});

t.test("editFile keeps mode and symlink, and leaves nothing else behind", async (t) => {
  const dir = t.testdir({ real: "a\n" });
  chmodSync(`${dir}/real`, 0o600);
  symlinkSync("real", `${dir}/link`);
  await editFile(`${dir}/link`, (text) => `${text}b\n`);
  t.equal(readFileSync(`${dir}/real`, "utf8"), "a\nb\n");
  t.equal(statSync(`${dir}/real`).mode & 0o777, 0o600);
  t.ok(lstatSync(`${dir}/link`).isSymbolicLink());
  t.strictSame(readdirSync(dir).sort(), ["link", "real"]);
});

t.test("editFile loses no line when 20 write at once", async (t) => {
  const file = `${t.testdir()}/known_hosts`;
  await Promise.all(Array.from({ length: 20 }, (_, n) => editFile(file, (text) => `${text}${n}\n`)));
  t.equal(readFileSync(file, "utf8").trim().split("\n").length, 20);
});
