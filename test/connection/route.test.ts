import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import type { AuthContext } from "ssh2";
import t, { type Test } from "tap";
import { limit } from "../../engine/connection/limit.ts";
import { jumpHosts } from "../../engine/connection/ssh.ts";
import { connectTo, failure, isolatedConfig, pinsOf, type Sshd, sshd, testKey } from "../support/sshd.ts";

/** A TCP server that does this to each connection. */
async function tcp(
  t: Test,
  onConnection: (socket: import("node:net").Socket) => void,
): Promise<Pick<Sshd, "port" | "hostKeys">> {
  const sockets = new Set<import("node:net").Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    onConnection(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, hostKeys: [] };
}

async function closedPort(): Promise<Pick<Sshd, "port" | "hostKeys">> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return { port, hostKeys: [] };
}

t.test("a host that never answers is a timeout, within the time given", async (t) => {
  const error = await failure(connectTo(t, await tcp(t, () => undefined), { connectTimeoutMs: 200 }));
  t.equal(error.failure, "timeout");
  t.match(error.message, /^app-1 \(127\.0\.0\.1:\d+\): no answer within 0\.2 s$/);
  t.match(error.hint, "firewall");
});

t.test("a closed port is refused", async (t) => {
  const error = await failure(connectTo(t, await closedPort()));
  t.equal(error.failure, "refused");
  t.match(error.message, /^app-1 \(127\.0\.0\.1:\d+\): connection refused$/);
  t.match(error.hint, "sshd runs");
});

t.test("a name that does not resolve says so", async (t) => {
  const server = { port: 22, hostKeys: [] };
  const error = await failure(connectTo(t, server, { address: "no-such-host.invalid" }));
  t.equal(error.failure, "resolve");
  t.equal(error.message, "app-1 (no-such-host.invalid:22): the name does not resolve");
});

t.test("a server that hangs up before the handshake is unreachable", async (t) => {
  const error = await failure(connectTo(t, await tcp(t, (socket) => socket.end())));
  t.equal(error.failure, "unreachable");
  t.match(error.hint, "MaxStartups");
});

t.test("a server that does not speak SSH is unreachable, not a hang", async (t) => {
  const server = await tcp(t, (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  t.equal((await failure(connectTo(t, server))).failure, "unreachable");
});

t.test("a limit on handshakes holds back logins, not connections", async (t) => {
  let running = 0;
  let most = 0;
  const two = limit(2);
  const handshakes: typeof two = (task) =>
    two(async () => {
      most = Math.max(most, ++running);
      return task().finally(() => {
        running -= 1;
      });
    });
  const server = await sshd(t);
  const connections = await Promise.all(Array.from({ length: 6 }, () => connectTo(t, server, { handshakes })));
  t.equal(most, 2);
  t.equal(server.connections(), 6);
  t.equal((await connections[5]?.exec("echo ok"))?.stdout, "ok\n");
});

/** An OpenSSH configuration file with these settings for the host in question. */
function configFile(t: Test, text: string): string {
  const dir = t.testdir({ config: `${text}\n${isolatedConfig}` });
  return `${dir}/config`;
}

/** A file that pins all keys of these servers. */
function pinned(t: Test, ...servers: readonly Pick<Sshd, "port" | "hostKeys">[]): string {
  const file = `${t.testdirName}/all_hosts`;
  writeFileSync(file, servers.map(pinsOf).join(""));
  return file;
}

t.test("ProxyJump goes over the hop, verifies both keys, and closes both", async (t) => {
  const [hop, server] = [await sshd(t), await sshd(t)];
  const sshConfig = configFile(t, `Match originalhost 127.0.0.1 user u\n  ProxyJump hopper@127.0.0.1:${hop.port}`);
  const connection = await connectTo(t, server, { sshConfig, knownHosts: pinned(t, hop, server) });
  t.equal((await connection.exec("wc -c", { stdin: "x".repeat(1_000_000) })).stdout.trim(), "1000000");
  t.equal(hop.connections(), 1);
  await connection.close();
  await Promise.all([hop.idle(), server.idle()]);
});

t.test("ProxyJump over two hops visits them in order", async (t) => {
  const [first, second, server] = [await sshd(t), await sshd(t), await sshd(t)];
  const jumps = `a@127.0.0.1:${first.port},b@127.0.0.1:${second.port}`;
  const sshConfig = configFile(t, `Match originalhost 127.0.0.1 user u\n  ProxyJump ${jumps}`);
  const connection = await connectTo(t, server, { sshConfig, knownHosts: pinned(t, first, second, server) });
  t.equal((await connection.exec("echo there")).stdout, "there\n");
  t.strictSame([first.forwards, second.forwards], [[second.port], [server.port]]);
  await connection.close();
  await Promise.all([first.idle(), second.idle(), server.idle()]);
});

t.test("ProxyJump stops at a hop whose key is not known, and names both hosts", async (t) => {
  const [hop, server] = [await sshd(t), await sshd(t)];
  const sshConfig = configFile(t, `Match user u\n  ProxyJump hopper@127.0.0.1:${hop.port}`);
  const error = await failure(connectTo(t, server, { sshConfig, knownHosts: pinned(t, server) }));
  t.equal(error.failure, "host-key-unknown");
  t.equal(error.host, "app-1");
  t.match(error.message, `app-1: jump host host key of 127.0.0.1 (127.0.0.1:${hop.port}) is unknown`);
  await hop.idle();
});

t.test("ProxyJump closes the hop when the target refuses, and rebuilt is not for the hop", async (t) => {
  const [hop, server] = [await sshd(t), await sshd(t, { auth: () => false })];
  const sshConfig = configFile(t, `Match user u\n  ProxyJump hopper@127.0.0.1:${hop.port}`);
  const error = await failure(connectTo(t, server, { sshConfig, knownHosts: pinned(t, hop, server) }));
  t.equal(error.failure, "auth");
  await Promise.all([hop.idle(), server.idle()]);

  const changed = { port: hop.port, hostKeys: [testKey()] };
  const refused = await failure(
    connectTo(t, server, { sshConfig, knownHosts: pinned(t, changed, server), rebuilt: true }),
  );
  t.equal(refused.failure, "host-key-changed");
  t.match(refused.hint, `ssh-keygen -R '[127.0.0.1]:${hop.port}'`);
});

t.test("ProxyJump to a target that the hop cannot reach says so", async (t) => {
  const hop = await sshd(t);
  const sshConfig = configFile(t, `Match user u\n  ProxyJump hopper@127.0.0.1:${hop.port}`);
  const error = await failure(connectTo(t, await closedPort(), { sshConfig, knownHosts: pinned(t, hop) }));
  t.equal(error.failure, "unreachable");
  t.match(error.message, "Channel open failure");
  await hop.idle();
});

t.test("ten hosts behind one bastion share its login, and the last one closes it", async (t) => {
  const [hop, server] = [await sshd(t), await sshd(t)];
  const sshConfig = configFile(t, `Match user u\n  ProxyJump hopper@127.0.0.1:${hop.port}`);
  const options = { sshConfig, knownHosts: pinned(t, hop, server), jumpHosts: jumpHosts() };
  const all = await Promise.all(Array.from({ length: 10 }, () => connectTo(t, server, options)));
  t.equal(hop.connections(), 1);
  t.equal(hop.forwards.length, 10);
  const [first, ...others] = all;
  await Promise.all(others.map((connection) => connection.close()));
  t.equal((await first?.exec("echo still"))?.stdout, "still\n");
  await first?.close();
  await hop.idle();

  await connectTo(t, server, options);
  hop.drop();
  await hop.idle();
  t.equal((await (await connectTo(t, server, options)).exec("echo again")).stdout, "again\n", "a lost one is replaced");
});

t.test("a bastion that cannot be reached fails every host behind it, each by its own name", async (t) => {
  const { port } = await closedPort();
  const sshConfig = configFile(t, `Match user u\n  ProxyJump hopper@127.0.0.1:${port}`);
  const options = { sshConfig, knownHosts: pinned(t), jumpHosts: jumpHosts() };
  const server = { port: 1, hostKeys: [] };
  const errors = await Promise.all(["a", "b"].map((name) => failure(connectTo(t, server, { ...options, name }))));
  t.strictSame(
    errors.map(({ failure, host }) => [failure, host]),
    [
      ["refused", "a"],
      ["refused", "b"],
    ],
  );
});

t.test("ProxyJump in a circle is an error", async (t) => {
  const sshConfig = configFile(t, "Host a\n  ProxyJump b\nHost b\n  ProxyJump a");
  const error = await failure(
    connectTo(t, { port: 1, hostKeys: [] }, { sshConfig, address: "a", knownHosts: pinned(t) }),
  );
  t.equal(error.failure, "config");
  t.match(error.message, /^app-1: jump host [ab]: ProxyJump goes in a circle$/);
});

// What `nc HOST PORT` does, for machines without it.
const NC =
  `${process.execPath} -e "const s=require('net').connect(%%p,'%%h');process.stdin.pipe(s).pipe(process.stdout)"`.replaceAll(
    "%%",
    "%",
  );

t.test("ProxyCommand carries the session, and ends with it", async (t) => {
  const server = await sshd(t);
  const sshConfig = configFile(t, `Host *\n  ProxyCommand ${NC}`);
  const connection = await connectTo(t, server, { sshConfig });
  t.equal((await connection.exec("wc -c", { stdin: "x".repeat(1_000_000) })).stdout.trim(), "1000000");
  await connection.close();
  await server.idle();
});

t.test("ProxyCommand that dies is a lost connection", async (t) => {
  const server = await sshd(t);
  const sshConfig = configFile(t, `Host *\n  ProxyCommand ${NC}`);
  const connection = await connectTo(t, server, { sshConfig });
  const running = failure(connection.exec("sleep 60"));
  while (server.commands.length === 0) await connection.exec(":");
  server.drop();
  t.equal((await running).failure, "lost");
});

t.test("ProxyCommand that fails is unreachable, with what it said", async (t) => {
  const sshConfig = configFile(t, "Host *\n  ProxyCommand sh -c 'echo no session manager plugin >&2; exit 1'");
  const error = await failure(connectTo(t, { port: 22, hostKeys: [] }, { sshConfig }));
  t.equal(error.failure, "unreachable");
  t.match(error.message, "(the proxy says: no session manager plugin)");
});

t.test("ProxyCommand that ends its output before it says why is still heard", async (t) => {
  const sshConfig = configFile(t, "Host *\n  ProxyCommand sh -c 'exec >&-; sleep 0.2; echo no tunnel >&2; exit 1'");
  const error = await failure(connectTo(t, { port: 22, hostKeys: [] }, { sshConfig }));
  t.match(error.message, "(the proxy says: no tunnel)");
});

t.test("ProxyCommand that hangs is a timeout, and all of it is ended", async (t) => {
  // Both sleeps hold the command's stdout, and closing waits for its end: a survivor would hold up this test for a minute.
  const sshConfig = configFile(t, "Host *\n  ProxyCommand sh -c 'sleep 60 & sleep 60'");
  const error = await failure(connectTo(t, { port: 22, hostKeys: [] }, { sshConfig, connectTimeoutMs: 300 }));
  t.equal(error.failure, "timeout");
});

t.test("the target's password is never offered to a jump host", async (t) => {
  const offered: string[] = [];
  const hears = (attempt: AuthContext): boolean => {
    if (attempt.method === "password" || attempt.method === "keyboard-interactive") offered.push(attempt.method);
    return false;
  };
  const open = await sshd(t);
  const closed = await sshd(t, { auth: hears });
  const server = await sshd(t, { auth: (attempt) => attempt.method === "password" && attempt.password === "hunter2" });
  const over = (hop: Sshd, from: string) =>
    `Match originalhost 127.0.0.1 user ${from}\n  ProxyJump hopper@127.0.0.1:${hop.port}\n`;
  const sshConfig = configFile(t, over(open, "u") + over(closed, "v"));
  const options = { sshConfig, knownHosts: pinned(t, open, closed, server), password: "hunter2" };
  const connection = await connectTo(t, server, options);
  t.equal((await connection.exec("echo there")).stdout, "there\n");
  const error = await failure(connectTo(t, server, { ...options, user: "v" }));
  t.match(error.message, /^app-1: jump host .*login as hopper refused; tried: none; the host takes/);
  t.strictSame(offered, []);
});
