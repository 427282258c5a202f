import { generateKeyPairSync, type KeyExportOptions } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { AuthContext } from "ssh2";
import t, { type Test } from "tap";
import { Secret } from "../../engine/shell/secret.ts";
import { agent, noAgent } from "../support/agent.ts";
import { connectTo, failure, isolatedConfig, sshd, type TestKey, testKey } from "../support/sshd.ts";

/** Lets in who offers one of these keys; counts the offers. */
function accepting(...keys: readonly TestKey[]) {
  const offers: string[] = [];
  const auth = (attempt: AuthContext): boolean => {
    if (attempt.method !== "publickey") return false;
    const isKnown = keys.some((key) => key.blob.equals(attempt.key.data));
    if (!attempt.signature) offers.push(attempt.key.data.toString("base64"));
    return isKnown;
  };
  return { auth, offers };
}

/** A folder with these private keys (0600) and a configuration that names what it is told. */
function keyFolder(t: Test, keys: Readonly<Record<string, TestKey>>, config: (dir: string) => string = () => "") {
  const dir = t.testdir({});
  for (const [name, key] of Object.entries(keys)) {
    writeFileSync(`${dir}/${name}`, key.private, { mode: 0o600 });
  }
  writeFileSync(`${dir}/config`, `${config(dir)}\n${isolatedConfig}`);
  return { dir, sshConfig: `${dir}/config` };
}

t.test("the inventory's key comes first", async (t) => {
  const [own, other] = [testKey(), testKey("rsa")];
  const { auth, offers } = accepting(own, other);
  const server = await sshd(t, { auth });
  const { dir, sshConfig } = keyFolder(t, { own, other }, (dir) => `IdentityFile ${dir}/other`);
  await connectTo(t, server, { key: `${dir}/own`, sshConfig });
  t.strictSame(offers, [own.blob.toString("base64")]);
});

t.test("identity files of the configuration are tried in turn", async (t) => {
  const [wrong, right] = [testKey(), testKey("ecdsa")];
  const { auth, offers } = accepting(right);
  const server = await sshd(t, { auth });
  const { sshConfig } = keyFolder(t, { wrong, right }, (dir) => `IdentityFile ${dir}/wrong\nIdentityFile ${dir}/right`);
  await connectTo(t, server, { sshConfig });
  t.equal(offers.length, 2);
});

t.test("a refused login names the user, what was tried and what the host takes", async (t) => {
  const [own, locked] = [testKey(), testKey("ed25519", "secret")];
  const server = await sshd(t, { auth: () => false });
  const { dir, sshConfig } = keyFolder(t, { own, locked }, (dir) => `IdentityFile ${dir}/locked`);
  const error = await failure(connectTo(t, server, { key: `${dir}/own`, sshConfig }));
  t.equal(error.failure, "auth");
  t.match(error.message, `app-1 (127.0.0.1:${server.port}): login as u refused; tried: ${dir}/own (ED25519 SHA256:`);
  t.match(error.message, `; not tried: ${dir}/locked is encrypted; the host takes publickey, password`);
  t.match(error.hint, "~u/.ssh/authorized_keys");
  t.notMatch(error.message, "\n");
  await server.idle();
});

t.test("a key that is not there is an error before any connection", async (t) => {
  const server = await sshd(t);
  const error = await failure(connectTo(t, server, { key: "/no/such/key" }));
  t.equal(error.failure, "config");
  t.match(error.message, "/no/such/key is not a private key or is missing");
});

t.test("an encrypted key without a passphrase names the file and ssh-add", async (t) => {
  const own = testKey("ed25519", "secret");
  const { dir, sshConfig } = keyFolder(t, { own });
  const error = await failure(connectTo(t, await sshd(t), { key: `${dir}/own`, sshConfig }));
  t.equal(error.failure, "auth");
  t.match(error.message, `the key ${dir}/own is encrypted`);
  t.equal(error.hint, `Unlock it once: ssh-add ${dir}/own`);
});

t.test("an encrypted key is opened with the passphrase asked for, and the question may take long", async (t) => {
  const own = testKey("ed25519", "secret");
  const server = await sshd(t, { auth: accepting(own).auth });
  const { dir, sshConfig } = keyFolder(t, { own });
  const asked: string[] = [];
  const passphrase = async (file: string): Promise<string> => {
    asked.push(file);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    return "secret";
  };
  await connectTo(t, server, { key: `${dir}/own`, sshConfig, passphrase, connectTimeoutMs: 1_000 });
  t.strictSame(asked, [`${dir}/own`]);
});

t.test("a wrong passphrase is said", async (t) => {
  const own = testKey("ed25519", "secret");
  const server = await sshd(t, { auth: accepting(own).auth });
  const { dir, sshConfig } = keyFolder(t, { own });
  const error = await failure(connectTo(t, server, { key: `${dir}/own`, sshConfig, passphrase: async () => "wrong" }));
  t.equal(error.failure, "auth");
  t.match(error.message, "tried: nothing; not tried: ");
  t.match(error.message, "unreadable, or a wrong passphrase");
});

t.test("a password logs in, and stands in no error", async (t) => {
  const server = await sshd(t, { auth: (attempt) => attempt.method === "password" && attempt.password === "hunter2" });
  await connectTo(t, server, { password: new Secret("hunter2", "test") });
  const error = await failure(connectTo(t, server, { password: new Secret("hunter3", "test") }));
  t.equal(error.failure, "auth");
  t.match(error.message, "tried: password, keyboard-interactive");
  t.notMatch(JSON.stringify(error), "hunter3");
});

t.test("a host that wants nothing is let in without a key", async (t) => {
  await connectTo(t, await sshd(t, { auth: (attempt) => attempt.method === "none" }));
});

t.test("keys as openssl writes them log in, also encrypted", async (t) => {
  const ec = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const server = await sshd(t, { auth: (attempt) => attempt.method === "publickey" });
  const dir = t.testdir({});
  const forms = [
    { pair: ec, type: "pkcs8" },
    { pair: rsa, type: "pkcs8" },
    { pair: rsa, type: "pkcs1" },
    { pair: rsa, type: "pkcs8", cipher: "aes-256-cbc", passphrase: "secret" },
    { pair: rsa, type: "pkcs1", cipher: "aes-256-cbc", passphrase: "secret" },
  ] as const;
  for (const [index, { pair, ...form }] of forms.entries()) {
    const key = `${dir}/key${index}`;
    const options = { ...form, format: "pem" } as KeyExportOptions<"pem">;
    writeFileSync(key, pair.privateKey.export(options), { mode: 0o600 });
    await connectTo(t, server, { key, passphrase: async () => "secret" });
  }
});

t.test("a FIDO key is named as what it is", async (t) => {
  const type = "sk-ssh-ed25519@openssh.com";
  const blob = Buffer.from(`\0\0\0\x1a${type}\0\0\0\0`, "latin1").toString("base64");
  const dir = t.testdir({ fido: "-----BEGIN OPENSSH PRIVATE KEY-----\n\n-----END", "fido.pub": `${type} ${blob}\n` });
  const error = await failure(connectTo(t, await sshd(t, { auth: () => false }), { key: `${dir}/fido` }));
  t.match(error.message, "is a FIDO key, which is not supported");
});

t.test("the agent's keys are tried", { skip: noAgent }, async (t) => {
  const [right, wrong] = [testKey("rsa"), testKey("ecdsa")];
  const server = await sshd(t, { auth: accepting(right).auth });
  const { dir, sshConfig } = keyFolder(t, { right, wrong });
  const socket = await agent(t, dir, ["wrong", "right"]);
  writeFileSync(sshConfig, `IdentityAgent ${socket}\n${isolatedConfig}`);
  await connectTo(t, server, { sshConfig });
});

t.test("with IdentitiesOnly the agent is asked only for the keys that are named", { skip: noAgent }, async (t) => {
  const keys = { a: testKey(), b: testKey(), c: testKey(), d: testKey(), named: testKey() };
  const { auth, offers } = accepting(keys.named);
  const server = await sshd(t, { auth });
  const { dir, sshConfig } = keyFolder(t, keys);
  const socket = await agent(t, dir, Object.keys(keys));
  // Only the public half: 1Password and hardware tokens look like this.
  writeFileSync(`${dir}/only.pub`, keys.named.public);
  writeFileSync(
    sshConfig,
    `IdentityAgent ${socket}\nIdentitiesOnly yes\nIdentityFile ${dir}/only.pub\n${isolatedConfig}`,
  );
  await connectTo(t, server, { sshConfig });
  t.strictSame(offers, [keys.named.blob.toString("base64")]);
});

t.test("an agent that does not answer is one identity less", async (t) => {
  const own = testKey();
  const server = await sshd(t, { auth: accepting(own).auth });
  const { dir, sshConfig } = keyFolder(t, { own }, (dir) => `IdentityAgent ${dir}/nobody.sock`);
  await connectTo(t, server, { key: `${dir}/own`, sshConfig });
  const refused = await failure(connectTo(t, await sshd(t, { auth: () => false }), { sshConfig }));
  t.match(refused.message, "no agent answers at");
});

t.test("what a host says before it closes is told, and that the key was not the reason", async (t) => {
  const own = testKey();
  const { dir, sshConfig } = keyFolder(t, { own });
  const server = await sshd(t, { banner: "Your account has expired;\nask for a new one.\n", hangsUp: true });
  const error = await failure(connectTo(t, server, { key: `${dir}/own`, sshConfig }));
  t.equal(error.failure, "auth");
  t.match(error.message, "; the host says: Your account has expired; ask for a new one.");
  t.match(error.hint, "expired");
});
