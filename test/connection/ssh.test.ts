import { Readable } from "node:stream";
import t from "tap";
import { connectTo, failure, sshd } from "../support/sshd.ts";

t.test("exec returns code, stdout and stderr, whole and untrimmed", async (t) => {
  const connection = await connectTo(t, await sshd(t));
  t.strictSame(await connection.exec("printf ' a\\n\\n'; printf 'b \\n' >&2; exit 7"), {
    code: 7,
    stdout: " a\n\n",
    stderr: "b \n",
  });
});

t.test("exec hands 1 MB of stdin to the command, as text, buffer and stream", async (t) => {
  const connection = await connectTo(t, await sshd(t));
  const text = "0123456789abcdef".repeat(65_536);
  for (const stdin of [text, Buffer.from(text), Readable.from([text.slice(0, 5), text.slice(5)])]) {
    const { stdout } = await connection.exec("wc -c", { stdin });
    t.equal(stdout.trim(), "1048576");
  }
  t.equal(connection.stats.execs, 3);
  t.equal(connection.stats.bytesSent, 3 * (1_048_576 + "wc -c".length));
});

t.test("exec decodes UTF-8 that is split over chunks", async (t) => {
  const bytes = Buffer.from("a€b");
  const server = await sshd(t, {
    exec(_command, channel) {
      for (const byte of bytes) channel.write(Buffer.from([byte]));
      channel.exit(0);
      channel.end();
    },
  });
  const connection = await connectTo(t, server);
  t.equal((await connection.exec("x")).stdout, "a€b");
  const real = await connectTo(t, await sshd(t));
  t.equal((await real.exec("cat", { stdin: "€".repeat(200_000) })).stdout, "€".repeat(200_000));
});

t.test("exec returns 8 MB of output on either stream", async (t) => {
  const connection = await connectTo(t, await sshd(t));
  const command = "head -c 8388608 /dev/zero";
  t.equal((await connection.exec(command)).stdout.length, 8_388_608);
  // One after the other: ssh2's server stalls when both streams of a channel wait for window.
  t.equal((await connection.exec(`${command} >&2`)).stderr.length, 8_388_608);
  t.equal(connection.stats.bytesReceived, 16_777_216);
});

t.test("exec returns 128 + n for a command that a signal ended", async (t) => {
  const connection = await connectTo(t, await sshd(t));
  t.equal((await connection.exec("kill -9 $$")).code, 137);
});

t.test("exec hears the code of commands that end at once", async (t) => {
  const server = await sshd(t, {
    exec(_command, channel) {
      channel.exit(5);
      channel.end();
    },
  });
  const connection = await connectTo(t, server);
  const results = await Promise.all(Array.from({ length: 200 }, () => connection.exec("x")));
  t.ok(results.every(({ code }) => code === 5));
});

t.test("exec does not wait for a command that ends without reading its stdin", async (t) => {
  const connection = await connectTo(t, await sshd(t));
  t.equal((await connection.exec("exit 3", { stdin: Buffer.alloc(8_000_000) })).code, 3);
});

t.test("exec fails when the connection drops, and the process lives on", async (t) => {
  const server = await sshd(t, {
    exec(_command, channel, self) {
      channel.write("half");
      self.drop();
    },
  });
  const connection = await connectTo(t, server);
  const error = await failure(connection.exec("x"));
  t.equal(error.failure, "lost");
  t.match(error.message, /^app-1 \(127\.0\.0\.1:\d+\): connection lost/);
  t.equal((await failure(connection.exec("y"))).failure, "lost", "later commands fail the same way");
  await connection.close();
});

t.test("exec fails when the channel closes without a code", async (t) => {
  const connection = await connectTo(t, await sshd(t, { exec: (_command, channel) => channel.close() }));
  t.equal((await failure(connection.exec("x"))).failure, "lost");
});

t.test("exec gives up at its deadline, and the connection can still be used", async (t) => {
  const connection = await connectTo(t, await sshd(t));
  const error = await failure(connection.exec("sleep 60", { timeoutMs: 50 }));
  t.equal(error.failure, "timeout");
  t.match(error.message, "did not end within 0.05 s");
  t.equal((await connection.exec("echo still here")).stdout, "still here\n");
});

t.test("exec passes on an input that cannot be read", async (t) => {
  const connection = await connectTo(t, await sshd(t));
  const stdin = new Readable({ read: () => stdin.destroy(new Error("disk on fire")) });
  await t.rejects(connection.exec("cat", { stdin }), /disk on fire/);
});

t.test("ten execs at once use four channels", async (t) => {
  const server = await sshd(t);
  const connection = await connectTo(t, server);
  const results = await Promise.all(Array.from({ length: 10 }, (_, n) => connection.exec(`sleep 0.05; echo ${n}`)));
  t.strictSame(
    results.map(({ stdout }) => stdout.trim()),
    ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
  );
  t.equal(server.maxSessions(), 4);
});

t.test("exec asks again when the host has no free session yet", async (t) => {
  let refusals = 2;
  const connection = await connectTo(t, await sshd(t, { session: () => refusals-- <= 0 }));
  t.equal((await connection.exec("echo ok")).stdout, "ok\n");
});

t.test("close may be called twice, ends the TCP connection, and fails what still runs", async (t) => {
  const server = await sshd(t);
  const connection = await connectTo(t, server);
  const running = failure(connection.exec("sleep 60"));
  while (server.commands.length === 0) await connection.exec(":");
  await Promise.all([connection.close(), connection.close()]);
  t.equal((await running).failure, "lost");
  await server.idle();
  t.equal(server.connections(), 0);
});

t.test("a host that falls silent is lost after the keepalives, though its TCP connection stands", async (t) => {
  const server = await sshd(t, { exec: (_command, _channel, self) => self.freeze() });
  const dir = t.testdir({ config: "ServerAliveInterval 1\nServerAliveCountMax 1\n" });
  const connection = await connectTo(t, server, { sshConfig: `${dir}/config` });
  const error = await failure(connection.exec("x"));
  t.equal(error.failure, "lost");
  t.match(error.message, "Keepalive timeout");
});

t.test("what is sent is compressed where the configuration of ssh says so", async (t) => {
  const dir = t.testdir({ config: "Compression yes\n", plain: "" });
  const stdin = "a line as in a script, many times\n".repeat(5_000);
  for (const [name, fewest, most] of [
    ["plain", stdin.length, Infinity],
    ["config", 0, stdin.length / 4],
  ] as const) {
    const server = await sshd(t);
    const connection = await connectTo(t, server, { sshConfig: `${dir}/${name}` });
    t.equal((await connection.exec("cat", { stdin })).stdout, stdin);
    t.ok(server.received() > fewest && server.received() < most, `${name}: ${server.received()} bytes`);
  }
});
