import { writeFileSync } from "node:fs";
import t, { type Test } from "tap";
import { runProgram } from "../support/program.ts";
import { isolatedConfig, pinsOf, type SshdOptions, sshd } from "../support/sshd.ts";

t.setTimeout(120_000);

/** Inventory with a host for each behaviour, all let in without a key. */
async function hosts(t: Test, behaviours: Readonly<Record<string, SshdOptions>>): Promise<readonly string[]> {
  const servers = new Map<string, Awaited<ReturnType<typeof sshd>>>();
  for (const [name, options] of Object.entries(behaviours)) servers.set(name, await sshd(t, options));
  const dir = t.testdir({ config: isolatedConfig, pins: [...servers.values()].map(pinsOf).join("") });
  const vars = {
    host: "127.0.0.1",
    user: "u",
    known_hosts: `${dir}/pins`,
    ansible_ssh_common_args: `-F ${dir}/config`,
  };
  const own = Object.fromEntries([...servers].map(([name, { port }]) => [name, { port }]));
  writeFileSync(`${dir}/hosts.yml`, JSON.stringify({ all: { hosts: own, vars } }));
  return ["-i", `${dir}/hosts.yml`];
}

t.test("a host that floods, one that refuses and one that is not there are named, and the others answer", async (t) => {
  const flood = Buffer.alloc(1 << 20, "y\n");
  const args = await hosts(t, {
    "web-1": {},
    "web-2": {
      exec(_command, channel) {
        const more = (): void => {
          while (channel.writable && channel.write(flood));
        };
        channel.on("drain", more);
        more();
      },
    },
    "web-3": {
      exec(_command, channel) {
        channel.write('Please login as the user "ubuntu" rather than the user "root".\n');
        channel.exit(142);
        channel.end();
      },
    },
    "web-4": { auth: () => false },
  });
  const { code, stdout, stderr } = await runProgram("exec", [...args, "all", "--", "echo here"], {
    env: { SSH_AUTH_SOCK: "" },
  });
  t.equal(code, 2);
  t.equal(stdout, "web-1 | exit 0\n  here\n");
  const lines = stderr.split("\n").filter((line) => !line.startsWith("  "));
  t.match(lines, [
    /^FAILED web-2: a start-up file of the login shell, or a forced command, prints without end$/,
    /^FAILED web-3: the login ended before a command ran \(exit 142\); the host says: Please login as/,
    /^UNREACHABLE web-4: web-4 \(127\.0\.0\.1:\d+\): login as u refused/,
    /^$/,
  ]);
  t.equal(lines.length, 4, stderr);
});

t.test("a command that prints without end fails on its host only, and one that prints much does not", async (t) => {
  const args = await hosts(t, { "web-1": {} });
  const line = "head -c 20000000 /dev/zero | tr '\\0' x";
  const much = await runProgram("exec", [...args, "web-1", "--", line], { env: { SSH_AUTH_SOCK: "" } });
  t.equal(much.code, 0, much.stderr);
  t.equal(much.stdout.length, "web-1 | exit 0\n  \n".length + 20_000_000);
  const endless = await runProgram("exec", [...args, "web-1", "--", "yes"], { env: { SSH_AUTH_SOCK: "" } });
  t.equal(endless.code, 2);
  t.match(
    endless.stderr,
    /^FAILED web-1: web-1 \(.*\): the command printed more than 64 MiB, and was stopped\n {2}next {6}/,
  );
  t.notMatch(endless.stderr, /^ +at /m);
});

t.test("facts names the host that failed", async (t) => {
  const args = await hosts(t, {
    "web-1": {},
    "web-2": {
      exec(_command, channel) {
        channel.write("This account is currently not available.\n");
        channel.exit(1);
        channel.end();
      },
    },
  });
  const { code, stdout, stderr } = await runProgram("facts", [...args, "all"], { env: { SSH_AUTH_SOCK: "" } });
  t.equal(code, 2);
  t.match(JSON.parse(stdout), { host: "web-1" });
  t.match(stderr, /^FAILED web-2: .*This account is currently not available\.\n {2}next {6}.*nologin/);
});
