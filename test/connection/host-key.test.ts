import { readFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import t, { type Test } from "tap";
import { withPin } from "../../engine/connection/known-hosts.ts";
import { describeKey, fingerprint } from "../../engine/connection/public-key.ts";
import {
  connectTo,
  failure,
  isolatedConfig,
  type Sshd,
  type SshdOptions,
  sshd,
  type TestKey,
  testKey,
} from "../support/sshd.ts";

/** Starts a server that nobody has to log in to, and an empty folder with a known_hosts file of this text. */
async function lab(t: Test, text: (name: string) => string, options: SshdOptions = {}) {
  const server = await sshd(t, options);
  const name = `[127.0.0.1]:${server.port}`;
  const dir = t.testdir({ pins: text(name), config: isolatedConfig });
  return {
    server,
    name,
    dir,
    key: keyOf(server),
    knownHosts: `${dir}/pins`,
    pins: () => readFileSync(`${dir}/pins`, "utf8"),
  };
}

t.test("an unknown host is refused, with the key it offered and how to pin it", async (t) => {
  const { server, key, knownHosts, pins } = await lab(t, () => "");
  const error = await failure(connectTo(t, server, { knownHosts }));
  t.equal(error.failure, "host-key-unknown");
  t.equal(error.host, "app-1");
  t.equal(error.message, `host key of app-1 (127.0.0.1:${server.port}) is unknown`);
  t.equal(error.found, describeKey(key.blob));
  t.match(error.hint, "--accept-new");
  t.equal(pins(), "");
  await server.idle();
});

t.test("acceptNew pins an unknown host once, and the next login needs no flag", async (t) => {
  const { server, name, key, knownHosts, pins } = await lab(t, () => "");
  await connectTo(t, server, { knownHosts, acceptNew: true });
  t.equal(pins(), withPin("", name, key.blob));
  await connectTo(t, server, { knownHosts, acceptNew: true });
  await connectTo(t, server, { knownHosts });
  t.equal(pins(), withPin("", name, key.blob));
});

t.test("acceptNew with 20 hosts at once loses no pin", async (t) => {
  const knownHosts = `${t.testdir()}/missing/known_hosts`;
  const servers = await Promise.all(Array.from({ length: 20 }, () => sshd(t)));
  await Promise.all(servers.map((server) => connectTo(t, server, { knownHosts, acceptNew: true })));
  const lines = readFileSync(knownHosts, "utf8").trim().split("\n").sort();
  t.strictSame(
    lines,
    servers.map((server) => withPin("", `[127.0.0.1]:${server.port}`, keyOf(server).blob).trim()).sort(),
  );
});

t.test("acceptNew pins nothing when the login fails", async (t) => {
  const { server, knownHosts, pins } = await lab(t, () => "", { auth: () => false });
  t.equal((await failure(connectTo(t, server, { knownHosts, acceptNew: true }))).failure, "auth");
  t.equal(pins(), "");
});

t.test("a changed key is refused, also with acceptNew, and told apart from an unknown one", async (t) => {
  const old = testKey();
  const { server, key, knownHosts, pins } = await lab(t, (name) => `# ours\n${name} ${old.public}\n`);
  const before = pins();
  for (const acceptNew of [false, true]) {
    const error = await failure(connectTo(t, server, { knownHosts, acceptNew }));
    t.equal(error.failure, "host-key-changed");
    t.equal(error.message, `host key of app-1 (127.0.0.1:${server.port}) changed`);
    t.equal(error.found, describeKey(key.blob));
    t.match(error.expected, `${describeKey(old.blob)} (`);
    t.match(error.expected, "pins:2)");
    t.match(error.hint, `--rebuilt app-1  (or --rebuilt app-1=${fingerprint(key.blob)} to insist on this key)`);
  }
  t.equal(pins(), before);
});

t.test("a key of another type counts as changed, not as new", async (t) => {
  const { server, knownHosts } = await lab(t, (name) => `${name} ${testKey("ecdsa").public}\n`);
  t.equal((await failure(connectTo(t, server, { knownHosts, acceptNew: true }))).failure, "host-key-changed");
});

t.test("rebuilt replaces every key of exactly this host", async (t) => {
  const old = testKey();
  const text = (name: string): string =>
    `${name},other ${old.public}\n${name} ${testKey("ecdsa").public}\n[127.0.0.1]:1 ${old.public}\n`;
  const { server, name, key, knownHosts, pins } = await lab(t, text);
  await connectTo(t, server, { knownHosts, rebuilt: true });
  t.equal(pins(), withPin(`other ${old.public}\n[127.0.0.1]:1 ${old.public}\n`, name, key.blob));
  await connectTo(t, server, { knownHosts });
});

t.test("rebuilt with a fingerprint takes only that key", async (t) => {
  const { server, key, knownHosts, pins } = await lab(t, (name) => `${name} ${testKey().public}\n`);
  const before = pins();
  const wrong = fingerprint(testKey().blob);
  const error = await failure(connectTo(t, server, { knownHosts, rebuilt: wrong }));
  t.equal(error.failure, "host-key-changed");
  t.match(error, { found: describeKey(key.blob), expected: wrong });
  t.equal(pins(), before);
  await connectTo(t, server, { knownHosts, rebuilt: fingerprint(key.blob) });
  t.not(pins(), before);
});

t.test("rebuilt with several fingerprints takes any of them: a machine has a key of each type", async (t) => {
  const { server, name, key, knownHosts, pins } = await lab(t, (name) => `${name} ${testKey("ecdsa").public}\n`);
  const rebuilt = [testKey("ecdsa"), { blob: key.blob }].map(({ blob }) => fingerprint(blob)).join(",");
  await connectTo(t, server, { knownHosts, rebuilt });
  t.equal(pins(), withPin("", name, key.blob));
});

t.test("an address that another host of ours has now is told as such, and is no rebuilt one", async (t) => {
  const old = testKey();
  const { server, key, knownHosts, pins } = await lab(t, (name) => `${name} ${old.public}\n`);
  writeFileSync(knownHosts, `${pins()}app-2,10.0.0.12 ${key.public}\n`);
  const before = pins();
  const moved = await failure(connectTo(t, server, { knownHosts }));
  t.equal(
    moved.message,
    `host key of app-1 (127.0.0.1:${server.port}) is that of app-2,10.0.0.12 (${relative("", knownHosts)}:2)`,
  );
  t.match(moved.hint, "correct it in the inventory");
  const announced = await failure(connectTo(t, server, { knownHosts, rebuilt: true }));
  t.match(announced.message, /is no new one: it is that of app-2,10\.0\.0\.12/);
  t.match(announced.hint, `--rebuilt app-1=${fingerprint(key.blob)}`);
  t.equal(pins(), before);
  await connectTo(t, server, { knownHosts, rebuilt: fingerprint(key.blob) });
  t.match(pins(), /^app-2,10\.0\.0\.12 .*\n\[127/, "who insists has both");
});

t.test("a key that this host has by another name already is a new one all the same", async (t) => {
  const { server, name, key, dir, knownHosts, pins } = await lab(t, (name) => `${name} ${testKey().public}\n`);
  writeFileSync(`${dir}/user`, `app-1.example.com ${key.public}\n`);
  writeFileSync(`${dir}/config`, `Host *\n  UserKnownHostsFile ${dir}/user\n${isolatedConfig}`);
  await connectTo(t, server, { knownHosts, rebuilt: true, sshConfig: `${dir}/config` });
  t.equal(pins(), withPin("", name, key.blob));
});

t.test("a host that moved is known by its key, and taken with acceptNew", async (t) => {
  const { server, key, knownHosts, pins } = await lab(t, () => "");
  writeFileSync(knownHosts, `10.0.0.11 ${key.public}\n`);
  const error = await failure(connectTo(t, server, { knownHosts }));
  t.match(error.message, /is unknown$/);
  t.match(error.hint, /It is the key of 10\.0\.0\.11 \(.*pins:1\): if that machine has moved here, --accept-new/);
  await connectTo(t, server, { knownHosts, acceptNew: true });
  t.match(pins(), /^10\.0\.0\.11 .*\n\[127/);
});

t.test("rebuilt changes nothing when the login fails", async (t) => {
  const { server, knownHosts, pins } = await lab(t, (name) => `${name} ${testKey().public}\n`, { auth: () => false });
  const before = pins();
  t.equal((await failure(connectTo(t, server, { knownHosts, rebuilt: true }))).failure, "auth");
  t.equal(pins(), before);
});

t.test("a revoked key is refused, whatever else says", async (t) => {
  const revoked = testKey();
  const text = (name: string): string => `${name} ${revoked.public}\n@revoked * ${revoked.public}\n`;
  const { server, knownHosts } = await lab(t, text, { hostKeys: [revoked] });
  for (const flags of [{}, { acceptNew: true }, { rebuilt: true as const }]) {
    t.equal((await failure(connectTo(t, server, { knownHosts, ...flags }))).failure, "host-key-revoked");
  }
});

t.test("a host that is pinned by its ECDSA key is asked for that key", async (t) => {
  const hostKeys = [testKey("ed25519"), testKey("ecdsa"), testKey("rsa")];
  for (const pinned of hostKeys) {
    const { server, knownHosts } = await lab(t, (name) => `${name} ${pinned.public}\n`, { hostKeys });
    await connectTo(t, server, { knownHosts });
  }
});

t.test("the user's own known_hosts is read, never written, and ours comes first", async (t) => {
  const { server, name, key, dir, knownHosts, pins } = await lab(t, () => "");
  const users = `${dir}/users`;
  const options = { knownHosts, sshConfig: `${dir}/with-users` };
  writeFileSync(options.sshConfig, `Host *\n  UserKnownHostsFile ${users}\n${isolatedConfig}`);

  writeFileSync(users, withPin("", name, key.blob));
  await connectTo(t, server, options);
  t.equal(pins(), "", "what is known there needs no pin here");

  const contradiction = withPin("", name, testKey().blob);
  writeFileSync(users, contradiction);
  t.equal((await failure(connectTo(t, server, options))).failure, "host-key-changed");
  await connectTo(t, server, { ...options, rebuilt: true });
  await connectTo(t, server, options);
  t.equal(readFileSync(users, "utf8"), contradiction);
  t.equal(pins(), withPin("", name, key.blob));
});

t.test("a key pinned without a port holds for any port, as in OpenSSH", async (t) => {
  const { server, knownHosts } = await lab(t, () => "", {});
  writeFileSync(knownHosts, withPin("", "127.0.0.1", keyOf(server).blob));
  await connectTo(t, server, { knownHosts });
});

t.test("HostKeyAlias is the name that is pinned", async (t) => {
  const { server, key, dir, knownHosts, pins } = await lab(t, () => "");
  const sshConfig = `${dir}/alias`;
  writeFileSync(sshConfig, `Host *\n  HostKeyAlias Box\n${isolatedConfig}`);
  await connectTo(t, server, { knownHosts, sshConfig, acceptNew: true });
  t.equal(pins(), withPin("", "box", key.blob));
});

t.test("a certificate authority alone does not make a host known, and the hint says so", async (t) => {
  const { server, knownHosts } = await lab(t, (name) => `@cert-authority ${name} ${testKey().public}\n`);
  const error = await failure(connectTo(t, server, { knownHosts }));
  t.equal(error.failure, "host-key-unknown");
  t.match(error.hint, "host certificates are not supported");
});

function keyOf(server: Sshd): TestKey {
  const [key] = server.hostKeys;
  if (!key) throw new Error("a server without a host key");
  return key;
}

t.test("StrictHostKeyChecking=accept-new of the configuration pins a new key, and no changed one", async (t) => {
  const { server, dir, key, knownHosts, pins } = await lab(t, () => "");
  writeFileSync(`${dir}/config`, `StrictHostKeyChecking accept-new\n${isolatedConfig}`);
  await connectTo(t, server, { knownHosts, sshConfig: `${dir}/config` });
  t.match(pins(), key.public.split(" ")[1] ?? "no key");
  writeFileSync(knownHosts, withPin("", `[127.0.0.1]:${server.port}`, testKey().blob));
  const error = await failure(connectTo(t, server, { knownHosts, sshConfig: `${dir}/config` }));
  t.equal(error.failure, "host-key-changed");
  t.notMatch(error.hint, "StrictHostKeyChecking");
});

t.test("StrictHostKeyChecking=no is not obeyed, and whoever wrote it is told", async (t) => {
  for (const value of ["no", "off"]) {
    const { server, dir, name, knownHosts, pins } = await lab(t, () => "");
    writeFileSync(`${dir}/config`, `StrictHostKeyChecking ${value}\n${isolatedConfig}`);
    const options = { knownHosts, sshConfig: `${dir}/config` };
    const unknown = await failure(connectTo(t, server, options));
    t.equal(unknown.failure, "host-key-unknown");
    t.match(unknown.hint, "StrictHostKeyChecking=no of the SSH configuration is not obeyed");
    t.equal(pins(), "");
    writeFileSync(knownHosts, withPin("", name, testKey().blob));
    const changed = await failure(connectTo(t, server, options));
    t.equal(changed.failure, "host-key-changed");
    t.match(changed.hint, "StrictHostKeyChecking=no of the SSH configuration is not obeyed");
  }
});

t.test("HostKeyAlgorithms of the configuration says which key a host is asked for", async (t) => {
  const [ed, ecdsa, rsa] = [testKey(), testKey("ecdsa"), testKey("rsa")];
  const { server, dir, name, knownHosts, pins } = await lab(t, () => "", { hostKeys: [ed, ecdsa, rsa] });
  const taken = async (algorithms: string, text: string): Promise<string> => {
    writeFileSync(`${dir}/config`, `HostKeyAlgorithms ${algorithms}\n${isolatedConfig}`);
    writeFileSync(knownHosts, text);
    await connectTo(t, server, { knownHosts, sshConfig: `${dir}/config`, acceptNew: true });
    return pins();
  };
  t.match(await taken("rsa-sha2-512", ""), "ssh-rsa");
  t.match(await taken("ecdsa-sha2-nistp256,ssh-ed25519", ""), "ecdsa-sha2");
  t.match(await taken("ssh-dss,ssh-ed25519-cert-v01@openssh.com,ssh-ed25519", ""), "ssh-ed25519");
  const pinned = withPin("", name, ecdsa.blob);
  t.equal(await taken("ssh-ed25519,ecdsa-sha2-nistp256", pinned), pinned, "what is pinned comes first");
});
