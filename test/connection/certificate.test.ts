import { execFileSync } from "node:child_process";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import t, { type Test } from "tap";
import { parseCertificate } from "../../engine/connection/certificate.ts";
import { publicLine } from "../../engine/connection/public-key.ts";
import { agent, noAgent, tellAgent } from "../support/agent.ts";
import { connectReal, keygen, noSshd, type RealSshd, realSshd } from "../support/openssh.ts";
import { failure, isolatedConfig } from "../support/sshd.ts";

const { username } = userInfo();

/** OpenSSH's server that lets in whom the key `ca` certifies, and, with none of these tests' keys, nobody else. */
async function certifyingSshd(t: Test): Promise<RealSshd & { readonly key: string }> {
  const server = await realSshd(t, `TrustedUserCAKeys ${t.testdirName}/ca.pub`);
  keygen("-t", "ed25519", "-f", `${server.dir}/ca`);
  writeFileSync(`${server.dir}/config`, isolatedConfig);
  return { ...server, key: `${server.dir}/id` };
}

/** Makes the key `id` with `id-cert.pub` beside it. */
function certify(
  { dir, key }: { dir: string; key: string },
  type: readonly string[],
  ...signing: readonly string[]
): void {
  keygen("-t", ...type, "-f", key);
  keygen("-s", `${dir}/ca`, "-I", "test", ...(signing.length > 0 ? signing : ["-n", username]), `${key}.pub`);
}

const types = [
  ["ed25519"],
  ["ecdsa", "-b", "256"],
  ["ecdsa", "-b", "384"],
  ["ecdsa", "-b", "521"],
  ["rsa"],
  ["rsa", "-m", "PEM"],
];
for (const type of types) {
  t.test(`the certificate beside a key: ${type.join(" ")}`, { skip: noSshd }, async (t) => {
    const server = await certifyingSshd(t);
    certify(server, type);
    if (type.includes("PEM")) rmSync(`${server.key}.pub`);
    const connection = await connectReal(t, server, { key: server.key, acceptNew: true });
    t.equal((await connection.exec("echo in")).stdout, "in\n");

    rmSync(`${server.key}-cert.pub`);
    t.equal(
      (await failure(connectReal(t, server, { key: server.key }))).failure,
      "auth",
      "the key alone is not enough",
    );
  });

  t.test(`the certificate of an agent: ${type.join(" ")}`, { skip: noSshd || noAgent }, async (t) => {
    const server = await certifyingSshd(t);
    certify(server, type);
    const socket = await agent(t, server.dir, ["id"]);
    // As issuers of short certificates do it: nothing but the certificate is held.
    renameSync(`${server.key}-cert.pub`, `${server.dir}/away`);
    tellAgent(socket, "-d", `${server.key}.pub`);
    writeFileSync(`${server.dir}/config`, `IdentityAgent ${socket}\n${isolatedConfig}`);
    const connection = await connectReal(t, server, { key: undefined, acceptNew: true });
    t.equal((await connection.exec("echo in")).stdout, "in\n");
  });
}

t.test("CertificateFile, with the key locked and in the agent", { skip: noSshd || noAgent }, async (t) => {
  const server = await certifyingSshd(t);
  certify(server, ["ed25519"]);
  renameSync(`${server.key}-cert.pub`, `${server.dir}/elsewhere.pub`);
  const socket = await agent(t, server.dir, ["id"]);
  execFileSync("ssh-keygen", ["-q", "-p", "-N", "secret", "-f", server.key]);
  const named = `CertificateFile ${server.dir}/elsewhere.pub\n${isolatedConfig}`;
  writeFileSync(`${server.dir}/config`, `IdentityAgent ${socket}\n${named}`);
  await connectReal(t, server, { key: server.key, acceptNew: true });
  await connectReal(t, server, { key: undefined });
  writeFileSync(`${server.dir}/config`, `IdentityAgent ${socket}\nIdentitiesOnly yes\n${named}`);
  await connectReal(t, server, { key: undefined });

  writeFileSync(`${server.dir}/config`, named);
  await connectReal(t, server, { key: server.key, passphrase: async () => "secret" });
  const error = await failure(connectReal(t, server, { key: undefined }));
  t.match(error.message, /not tried: \S+elsewhere\.pub \(ED25519-CERT .*\): its private key is not here/);
});

t.test("a certificate through a jump host that wants one, too", { skip: noSshd }, async (t) => {
  const server = await certifyingSshd(t);
  certify(server, ["ecdsa"]);
  const config = `Host jumped\n  HostName 127.0.0.1\n  Port ${server.port}\n  ProxyJump localhost:${server.port}\n`;
  const all = `Host *\n  IdentityFile ${server.key}\n  UserKnownHostsFile ${server.dir}/hosts\n`;
  writeFileSync(`${server.dir}/config`, config + all);
  const jumped = { address: "jumped", port: undefined, key: undefined, acceptNew: true };
  t.equal((await (await connectReal(t, server, jumped)).exec("echo in")).stdout, "in\n");
});

t.test("a key that the host knows is let in though its certificate has expired", { skip: noSshd }, async (t) => {
  const server = await certifyingSshd(t);
  certify(server, ["ed25519"], "-n", username, "-V", "20200101000000Z:20200102030405Z");
  const error = await failure(connectReal(t, server, { key: server.key, acceptNew: true }));
  t.equal(error.failure, "auth");
  t.match(error.message, `tried: ${server.key}-cert.pub (ED25519-CERT SHA256:`);
  t.match(error.message, ` for ${username}, expired 2020-01-02T03:04:05Z), ${server.key} (ED25519 SHA256:`);
  t.match(error.hint, `A certificate has to name ${username}, to be valid now,`);
  writeFileSync(`${server.dir}/authorized`, readFileSync(`${server.key}.pub`));
  await connectReal(t, server, { key: server.key, acceptNew: true });
});

t.test("files that are no certificates are named and nothing else", { skip: noSshd }, async (t) => {
  const server = await certifyingSshd(t);
  keygen("-t", "ed25519", "-f", server.key);
  const line = readFileSync(`${server.key}.pub`, "utf8");
  for (const text of ["nothing\n", line, "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5\n"]) {
    writeFileSync(`${server.key}-cert.pub`, text);
    const error = await failure(connectReal(t, server, { key: server.key, acceptNew: true }));
    t.match(error.message, `not tried: ${server.key}-cert.pub is no certificate of a plain key`);
  }
});

t.test("a certificate says what ssh-keygen says of it", { skip: noSshd }, async (t) => {
  const dir = t.testdir({});
  keygen("-t", "ed25519", "-f", `${dir}/ca`);
  const described = (...args: readonly string[]) => {
    keygen("-s", `${dir}/ca`, "-I", "a name, and more", ...args, `${dir}/id.pub`);
    const blob = publicLine(readFileSync(`${dir}/id-cert.pub`, "utf8")) ?? Buffer.alloc(0);
    const certificate = parseCertificate(blob, undefined, Date.parse("2026-11-25T00:00:00Z"));
    const plain = publicLine(readFileSync(`${dir}/id.pub`, "utf8"));
    t.ok(plain && certificate?.publicKey.equals(plain));
    const listed = execFileSync("ssh-keygen", ["-l", "-f", `${dir}/id-cert.pub`], { encoding: "utf8" });
    const [, print, kind] = /^\d+ (\S+) .*\((\S+)\)/.exec(listed) ?? [];
    const [first, rest] = certificate?.description.split(/ for /) ?? [];
    t.equal(first, `${kind} ${print}`);
    for (let length = 0; length < blob.length; length += 7)
      t.doesNotThrow(() => parseCertificate(blob.subarray(0, length), undefined, 0));
    return rest;
  };
  for (const type of types.slice(0, 5)) {
    rmSync(`${dir}/id`, { force: true });
    keygen("-t", ...type, "-f", `${dir}/id`);
    t.equal(described("-n", "deploy,root"), "deploy, root");
    t.equal(described(), "nobody by name");
    t.equal(described("-n", "a", "-V", "20261124000000Z:20261126030000Z"), "a, until 2026-11-26T03:00:00Z");
    t.equal(described("-n", "a", "-V", "always:20261124235959Z"), "a, expired 2026-11-24T23:59:59Z");
  }
});
