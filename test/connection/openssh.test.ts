import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import t from "tap";
import { fingerprint, publicLine } from "../../engine/connection/public-key.ts";
import { connectReal, keygen, noSshd, realSshd } from "../support/openssh.ts";
import { typescript } from "../support/program.ts";
import { failure } from "../support/sshd.ts";

t.test("OpenSSH: login, 5 MB each way, exit code, signal, four channels", { skip: noSshd }, async (t) => {
  const connection = await connectReal(t, await realSshd(t), { acceptNew: true });
  const text = "€".repeat(1_700_000);
  t.equal((await connection.exec("cat", { stdin: text })).stdout, text);
  t.strictSame(await connection.exec("echo é >&2; exit 42"), { code: 42, stdout: "", stderr: "é\n" });
  t.equal((await connection.exec("kill -9 $$")).code, 137);
  t.equal((await connection.exec("exit 3", { stdin: Buffer.alloc(8_000_000) })).code, 3);
  const both = await connection.exec("head -c 6000000 /dev/zero & head -c 6000000 /dev/zero >&2; wait");
  t.strictSame([both.stdout.length, both.stderr.length], [6_000_000, 6_000_000]);
  const many = await Promise.all(Array.from({ length: 12 }, (_, n) => connection.exec(`echo ${n}`)));
  t.strictSame(
    many.map(({ stdout }) => Number(stdout)),
    Array.from({ length: 12 }, (_, n) => n),
  );
});

t.test("OpenSSH: a re-key asks for the host key again, and is let through", { skip: noSshd }, async (t) => {
  const connection = await connectReal(t, await realSshd(t, "RekeyLimit 256K"), { acceptNew: true });
  const text = "x".repeat(3_000_000);
  t.equal((await connection.exec("cat", { stdin: text })).stdout.length, text.length);
  t.equal((await connection.exec("echo on")).stdout, "on\n");
});

t.test("OpenSSH: a known_hosts that ssh-keygen hashed is read and edited", { skip: noSshd }, async (t) => {
  const server = await realSshd(t);
  const [ed25519 = "", ecdsa = ""] = server.publicKeys;
  const hosts = `${server.dir}/hosts`;
  writeFileSync(hosts, `[127.0.0.1]:${server.port} ${ecdsa}\n[127.0.0.1]:1 ${ed25519}\n`);
  execFileSync("ssh-keygen", ["-q", "-H", "-f", hosts], { stdio: "ignore" });
  t.match(readFileSync(hosts, "utf8"), /^\|1\|/);
  await connectReal(t, server);

  keygen("-t", "ecdsa", "-f", `${server.dir}/other`);
  const other = readFileSync(`${server.dir}/other.pub`, "utf8").trim();
  writeFileSync(hosts, `[127.0.0.1]:${server.port} ${other}\n[127.0.0.1]:1 ${ed25519}\n`);
  execFileSync("ssh-keygen", ["-q", "-H", "-f", hosts], { stdio: "ignore" });
  t.equal((await failure(connectReal(t, server))).failure, "host-key-changed");
  // Its key is known for another port already: that it is the same machine has to be said.
  t.match(
    (await failure(connectReal(t, server, { rebuilt: true }))).message,
    /is no new one: it is that of another host/,
  );
  await connectReal(t, server, { rebuilt: fingerprint(publicLine(ed25519) ?? Buffer.alloc(0)) });
  await connectReal(t, server);
  const found = execFileSync("ssh-keygen", ["-F", `[127.0.0.1]:${server.port}`, "-f", hosts], { encoding: "utf8" });
  t.notMatch(found, "|1|", "only the new line is left for this host");
  t.equal(readFileSync(hosts, "utf8").trim().split("\n").length, 2);
});

t.test("OpenSSH: what ssh itself pinned is known here, and the other way round", { skip: noSshd }, async (t) => {
  const server = await realSshd(t);
  const ssh = (...options: readonly string[]): string =>
    execFileSync(
      "ssh",
      ["-F", "none", "-i", `${server.dir}/user`, "-p", `${server.port}`, ...options, "127.0.0.1", "echo by ssh"],
      { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
    );
  ssh(
    "-o",
    `UserKnownHostsFile=${server.dir}/hosts`,
    "-o",
    "StrictHostKeyChecking=accept-new",
    "-o",
    "HashKnownHosts=yes",
  );
  await connectReal(t, server);
  await connectReal(t, server, { knownHosts: `${server.dir}/ours`, acceptNew: true });
  t.equal(ssh("-o", `UserKnownHostsFile=${server.dir}/ours`, "-o", "StrictHostKeyChecking=yes"), "by ssh\n");
});

t.test("OpenSSH: the configuration file names user, port and key", { skip: noSshd }, async (t) => {
  const server = await realSshd(t);
  const { username } = userInfo();
  const lines = ["Host box", "  HostName 127.0.0.1", `  Port ${server.port}`, `  User ${username}`];
  writeFileSync(
    `${server.dir}/config`,
    [...lines, `  IdentityFile ${server.dir}/user`, "  IdentitiesOnly yes", ""].join("\n"),
  );
  const connection = await connectReal(t, server, { address: "box", port: undefined, key: undefined, acceptNew: true });
  t.equal((await connection.exec("id -un")).stdout, `${username}\n`);
});

t.test("OpenSSH: ProxyJump and ProxyCommand through the real programs", { skip: noSshd }, async (t) => {
  const server = await realSshd(t);
  // By two names: ssh refuses to jump over the host itself.
  const jump = `Host jumped\n  HostName 127.0.0.1\n  Port ${server.port}\n  ProxyJump localhost:${server.port}\n`;
  const all = `Host *\n  IdentityFile ${server.dir}/user\n  UserKnownHostsFile ${server.dir}/hosts\n`;
  writeFileSync(`${server.dir}/config`, jump + all);
  const jumped = await connectReal(t, server, { address: "jumped", port: undefined, acceptNew: true });
  t.equal((await jumped.exec("echo jumped")).stdout, "jumped\n");

  const config = `${server.dir}/command`;
  const command = `ssh -F ${server.dir}/config -W %h:%p -p ${server.port} 127.0.0.1`;
  writeFileSync(config, `Host *\n  ProxyCommand ${command}\n`);
  const proxied = await connectReal(t, server, { sshConfig: config, acceptNew: true });
  t.equal((await proxied.exec("wc -c", { stdin: "x".repeat(2_000_000) })).stdout.trim(), "2000000");
});

t.test("OpenSSH: a wrong key is refused after all tries, also when sshd hangs up", { skip: noSshd }, async (t) => {
  const server = await realSshd(t, "MaxAuthTries 2");
  const names = ["a", "b", "c", "d"];
  for (const name of names) keygen("-t", "ed25519", "-f", `${server.dir}/${name}`);
  const files = names.map((name) => `IdentityFile ${server.dir}/${name}\n`).join("");
  writeFileSync(`${server.dir}/config`, files);
  const error = await failure(connectReal(t, server, { key: undefined, acceptNew: true }));
  t.equal(error.failure, "auth");
  t.match(error.message, `tried: ${server.dir}/a`);
});

t.test("OpenSSH: a command that runs past its deadline leaves the connection usable", { skip: noSshd }, async (t) => {
  const connection = await connectReal(t, await realSshd(t), { acceptNew: true });
  t.equal((await failure(connection.exec("cat; sleep 20", { timeoutMs: 200 }))).failure, "timeout");
  t.equal((await connection.exec("echo on")).stdout, "on\n");
});

t.test("OpenSSH: IPv6", { skip: noSshd }, async (t) => {
  const server = await realSshd(t, "", "::1");
  const connection = await connectReal(t, server, { address: "::1", acceptNew: true });
  t.equal((await connection.exec("echo six")).stdout, "six\n");
  t.match(readFileSync(`${server.dir}/hosts`, "utf8"), `[::1]:${server.port} ssh-ed25519`);
});

t.test("a closed connection lets node end", { skip: noSshd }, async (t) => {
  const server = await realSshd(t);
  const script = `
    const { connectSsh } = await import(${JSON.stringify(new URL("../../engine/connection/ssh.ts", import.meta.url).href)});
    const target = { name: "real", address: "127.0.0.1", port: ${server.port}, key: "${server.dir}/user", knownHosts: "${server.dir}/hosts" };
    const connection = await connectSsh(target, { connectTimeoutMs: 10000, acceptNew: true, sshConfig: "${server.dir}/config" });
    await connection.exec("true");
    const closing = Date.now();
    await connection.close();
    process.on("exit", () => console.log(Date.now() - closing < 1000 ? "ended at once" : "ended late"));`;
  const args = [typescript, "--input-type=module", "-e", script];
  t.equal(execFileSync(process.execPath, args, { encoding: "utf8", timeout: 20_000 }), "ended at once\n");
});
