import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import t from "tap";
import type { SshOptions, SshTarget } from "../../engine/connection/ssh.ts";
import { connectTo, failure, isolatedConfig, testKey } from "../support/sshd.ts";

/** Something wrong on the operator's own machine; DIR is a folder with the files below. */
interface Row {
  readonly name: string;
  /** Before the lines that keep the developer's machine out. */
  readonly config?: string;
  readonly target?: Partial<SshTarget & SshOptions>;
  readonly message: RegExp;
  readonly hint?: RegExp;
  /** "config" unless given. */
  readonly failure?: "auth";
}

const CERTIFICATE = `ssh-ed25519-cert-v01@openssh.com ${Buffer.from("\0\0\0 ssh-ed25519-cert-v01@openssh.com").toString("base64")} me\n`;
const FIDO = `sk-ssh-ed25519@openssh.com ${Buffer.from("\0\0\0\x1ask-ssh-ed25519@openssh.com").toString("base64")} me\n`;
const pkcs8 = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();

const files = {
  own: testKey().private,
  locked: testKey("ed25519", "secret").private,
  "public.pub": testKey().public,
  "signed.pub": CERTIFICATE,
  "token.pub": FIDO,
  pkcs8,
  text: "not a key\n",
  folder: {},
};

const rows: readonly Row[] = [
  {
    name: "host key algorithms that nobody knows",
    config: "HostKeyAlgorithms ssh-ed448",
    message: /ssh -G refuses the configuration.*Bad key types 'ssh-ed448'/,
    hint: /^run: ssh -F/,
  },
  {
    name: "host key algorithms of which none is supported",
    config: "HostKeyAlgorithms ssh-dss",
    message: /HostKeyAlgorithms of the SSH configuration leaves none.*found ssh-dss, expected one of ssh-ed25519, /,
    hint: /~\/\.ssh\/config/,
  },
  {
    name: "host keys with a certificate only",
    config: "HostKeyAlgorithms *-cert-v01@openssh.com",
    message: /leaves none that is supported: found ssh-ed25519-cert-v01/,
  },
  {
    name: "host key algorithms in the inventory's arguments",
    target: { sshArgs: "-o HostKeyAlgorithms=ssh-dss" },
    message: /found ssh-dss, expected/,
    hint: /ansible_ssh_common_args/,
  },
  {
    name: "an unknown word for StrictHostKeyChecking",
    config: "StrictHostKeyChecking perhaps",
    message: /ssh -G refuses.*perhaps/,
  },
  { name: "an option that ssh does not know", config: "Passwort hunter2", message: /ssh -G refuses/ },
  { name: "a port that is none", config: "Port 70000", target: { port: undefined }, message: /ssh -G refuses/ },
  {
    name: "a configuration that is not there",
    target: { sshConfig: "DIR/no" },
    message: /Can't open user config file/,
  },
  {
    name: "a certificate as the key",
    target: { key: "DIR/signed.pub" },
    message: /the key DIR\/signed\.pub is a certificate and no private key/,
    hint: /Name the private key/,
  },
  {
    name: "a public key without its private half",
    target: { key: "DIR/public.pub" },
    message: /public\.pub is a public key, and no agent holds its private half/,
  },
  {
    name: "a key of a token",
    target: { key: "DIR/token.pub" },
    message: /token\.pub is a FIDO key, which is not supported/,
  },
  { name: "a text as the key", target: { key: "DIR/text" }, message: /DIR\/text is not a private key/ },
  { name: "a folder as the key", target: { key: "DIR/folder" }, message: /cannot read the key DIR\/folder/ },
  { name: "a key that is not there", target: { key: "DIR/gone" }, message: /DIR\/gone .*is missing/ },
  {
    name: "a key that nobody unlocks",
    target: { key: "DIR/locked" },
    message: /the key DIR\/locked is encrypted and no agent holds it/,
    hint: /ssh-add DIR\/locked/,
    failure: "auth",
  },
  {
    name: "a folder as CertificateFile",
    config: "CertificateFile DIR/folder",
    message: /cannot read a certificate/,
  },
  { name: "a folder as known_hosts", target: { knownHosts: "DIR/folder" }, message: /cannot read .*folder/ },
  {
    name: "a jump host that cannot be read",
    config: "ProxyJump u@hop:22:33",
    message: /ssh -G refuses|cannot read ProxyJump/,
  },
];

for (const row of rows) {
  t.test(`${row.name} is told before the host is contacted`, async (t) => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    t.teardown(() => server.close());
    const dir = t.testdir(files);
    const placed = (text: string): string => text.replaceAll("DIR", dir);
    writeFileSync(`${dir}/config`, placed(`${row.config ?? ""}\n${isolatedConfig}`));
    const target = Object.fromEntries(
      Object.entries({ sshConfig: "DIR/config", ...row.target }).map(([name, value]) => [
        name,
        typeof value === "string" ? placed(value) : value,
      ]),
    );
    const { port } = server.address() as AddressInfo;
    const error = await failure(connectTo(t, { port, hostKeys: [] }, target));
    t.equal(error.failure, row.failure ?? "config");
    t.match(error.message.replaceAll(dir, "DIR"), row.message);
    if (row.hint) t.match(error.hint?.replaceAll(dir, "DIR"), row.hint);
    t.match(error.message, /^app-1: /);
    t.equal(connections, 0);
  });
}
