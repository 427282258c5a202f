import { Readable } from "node:stream";
import t from "tap";
import { connectLocal } from "../../engine/connection/local.ts";
import { failure } from "../support/sshd.ts";

t.test("a local connection runs commands as a host would", async (t) => {
  const connection = connectLocal("here");
  t.strictSame(await connection.exec("cat; printf 'é ' >&2; exit 3", { stdin: "a\n" }), {
    code: 3,
    stdout: "a\n",
    stderr: "é ",
  });
  t.equal((await connection.exec("kill -15 $$")).code, 143);
  t.equal((await connection.exec("wc -c", { stdin: Readable.from(["ab", Buffer.from("c")]) })).stdout.trim(), "3");
  t.equal((await connection.exec("exit 0", { stdin: Buffer.alloc(4_000_000) })).code, 0);
  t.equal(connection.stats.execs, 4);
});

t.test("a local connection ends a command at its deadline, with all its children", async (t) => {
  const error = await failure(connectLocal("here").exec("sleep 60 | cat", { timeoutMs: 50 }));
  t.equal(error.failure, "timeout");
  t.equal(error.host, "here");
});

t.test("a local connection can put commands into another program", async (t) => {
  const connection = connectLocal("here", { command: (command) => ["sh", "-c", `echo in; ${command}`] });
  t.equal((await connection.exec("echo out")).stdout, "in\nout\n");
});

t.test("a program that does not exist is a failure of the configuration", async (t) => {
  t.equal((await failure(connectLocal("here", { command: () => ["/no/such"] }).exec("x"))).failure, "config");
});

t.test("closing a local connection ends what runs, and nothing starts after", async (t) => {
  const connection = connectLocal("here");
  const running = connection.exec("sleep 60");
  await connection.close();
  await connection.close();
  t.equal((await running).code, 137);
  t.equal((await failure(connection.exec("x"))).failure, "lost");
});
