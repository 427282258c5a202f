import t, { type Test } from "tap";
import type { Connection } from "../../engine/connection/connection.ts";
import { connectLocal } from "../../engine/connection/local.ts";
import { OutputError } from "../../engine/connection/output.ts";
import { connectTo, sshd } from "../support/sshd.ts";

const ways: readonly { readonly name: string; readonly open: (t: Test) => Promise<Connection> }[] = [
  { name: "SSH", open: async (t) => connectTo(t, await sshd(t)) },
  { name: "a local connection", open: async () => connectLocal("app-1") },
];

for (const { name, open } of ways) {
  t.test(`over ${name}, a command that never ends its output is stopped, and the next one runs`, async (t) => {
    const connection = await open(t);
    for (const flood of ["yes", "yes >&2", "yes & yes >&2"]) {
      const error: unknown = await connection
        .exec(flood, { maxOutputBytes: 100_000 })
        .catch((thrown: unknown) => thrown);
      t.ok(error instanceof OutputError, flood);
      t.match(error, {
        message: /^app-1.*: the command printed more than 100000 bytes, and was stopped$/,
        hint: /tail/,
      });
    }
    t.equal((await connection.exec("echo next")).stdout, "next\n");
  });

  t.test(`over ${name}, both streams count together, to the byte`, async (t) => {
    const connection = await open(t);
    const line = "printf %s 12345; printf %s 67890 >&2";
    t.match(await connection.exec(line, { maxOutputBytes: 10 }), { code: 0, stdout: "12345", stderr: "67890" });
    await t.rejects(connection.exec(line, { maxOutputBytes: 9 }), { name: "OutputError" });
  });

  t.test(`over ${name}, without a limit of one's own there is one, and little is held when it is passed`, async (t) => {
    const connection = await open(t);
    const before = process.memoryUsage().arrayBuffers;
    await t.rejects(connection.exec("yes"), { message: /more than 64 MiB/ });
    t.ok(process.memoryUsage().arrayBuffers - before < 200 * 1024 * 1024);
  });

  t.test(`over ${name}, stderr is heard while it comes`, async (t) => {
    const connection = await open(t);
    let heard = "";
    const done = connection.exec("echo started >&2; cat", {
      stdin: "end",
      onStderr: (text) => {
        heard += text;
      },
    });
    t.equal((await done).stdout, "end");
    t.equal(heard, "started\n");
  });
}
