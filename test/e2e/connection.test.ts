import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { bench, direct, inside, LAB_KEY, onTerminal, pinned } from "../support/bench.ts";
import { LAB, labAddress, labPort } from "../support/lab.ts";
import { launcher } from "../support/program.ts";
import { noLab, PASSWORD, takeStand } from "../support/stand.ts";

t.setTimeout(20 * 60_000);

/** Says from where, and at which port, sshd was reached. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's, not ours
const FROM = 'echo "${SSH_CONNECTION%% *}"';
// biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's, not ours
const PORT = 'echo "${SSH_CONNECTION##* }"';
const env = { LAB_PASSWORD: PASSWORD };

t.test("connections, to real hosts", { skip: noLab }, async (t) => {
  const stand = await takeStand(t);
  const keyOf = (type: string) =>
    stand.keysOf("mon").find((line) => /^(?:ssh|ecdsa)/.test(line) && line.split(" ")[0]?.includes(type)) ?? "";

  await t.test("a host behind two others is reached by ProxyJump, each hop with a key of its own", async (t) => {
    const jump = `-o ProxyJump=ubuntu@${labAddress("mon")},ubuntu@${labAddress("app-dev")}`;
    const hosts = { far: { ...inside("app-prod"), ansible_ssh_extra_args: jump } };
    const all = stand.insidePins("mon", "app-dev", "app-prod");
    const config = `Host *\n  IdentityFile ${LAB_KEY}\n`;
    const { code, stdout } = await bench(t, hosts, { pins: all, config }).exec("far", FROM);
    t.equal(code, 0);
    t.equal(stdout, `far | exit 0\n  ${labAddress("app-dev")}\n`, "sshd sees the last hop");
  });

  await t.test("a hop whose key nobody knows is named, and nothing behind it is asked", async (t) => {
    const config = `Host far\n  HostName ${labAddress("app-dev")}\n  ProxyJump ubuntu@${labAddress("mon")}\nHost *\n  IdentityFile ${LAB_KEY}\n`;
    const { code, stderr } = await bench(
      t,
      { far: { user: "ubuntu" } },
      { pins: stand.insidePins("app-dev"), config },
    ).exec("far", "id");
    t.equal(code, 4);
    t.match(stderr, `UNREACHABLE far: jump host host key of ${labAddress("mon")}`);
  });

  await t.test("the operator's OpenSSH configuration names address, user, key, port and jump host", async (t) => {
    const mon = `Host bastion\n  HostName ${labAddress("mon")}\n  Port 2222\n  User ubuntu\n`;
    const dev = `Host dev\n  HostName ${labAddress("app-dev")}\n  User ubuntu\n  ProxyJump bastion\n`;
    const config = `${mon}${dev}Host *\n  IdentityFile ${LAB_KEY}\n`;
    const pins = pinned(`[${labAddress("mon")}]:2222`, stand.keysOf("mon")) + stand.insidePins("app-dev");
    const { code, stdout } = await bench(t, { dev: {}, bastion: {} }, { pins, config }).exec("all", FROM);
    t.equal(code, 0);
    t.match(stdout, `dev | exit 0\n  ${labAddress("mon")}\n`);
    t.match(stdout, /bastion \| exit 0\n {2}\d/);
  });

  await t.test("a ProxyCommand carries the connection", async (t) => {
    const command = `ssh -F ${t.testdirName}/config -i ${LAB_KEY} -o ProxyCommand=none -W %h:%p ubuntu@${labAddress("mon")}`;
    const hosts = { dev: { ...inside("app-dev"), ansible_ssh_extra_args: `-o 'ProxyCommand=${command}'` } };
    const { code, stdout } = await bench(t, hosts, { pins: stand.insidePins("mon", "app-dev") }).exec("dev", FROM);
    t.equal(code, 0);
    t.equal(stdout, `dev | exit 0\n  ${labAddress("mon")}\n`);
  });

  await t.test("what a ProxyCommand complains of is told", async (t) => {
    const hosts = {
      dev: { ...inside("app-dev"), ansible_ssh_extra_args: "-o 'ProxyCommand=echo no tunnel >&2; exit 1'" },
    };
    const { code, stderr } = await bench(t, hosts, { pins: stand.insidePins("app-dev") }).exec("dev", "id");
    t.equal(code, 4);
    t.match(stderr, /the proxy says: no tunnel/);
  });

  await t.test("the agent's key logs in where no file could, also for an encrypted file", async (t) => {
    const { key: _, ...keyless } = direct("mon");
    const locked = `${t.testdirName}/locked`;
    const one = bench(t, { mon: keyless, locked: { ...keyless, key: locked } }, { pins: stand.monPins });
    execFileSync("cp", [LAB_KEY, locked]);
    execFileSync("ssh-keygen", ["-q", "-p", "-N", "locked away", "-f", locked]);
    const socket = await agent(t, LAB_KEY);
    const without = await one.exec("all", "id -un");
    t.equal(without.code, 1, "known before any host is contacted");
    t.match(without.stderr, /locked, which is encrypted and no agent holds it/);
    t.match((await one.exec("mon", "id -un")).stderr, /mon \(127.0.0.1:\d+\): login as ubuntu refused/);
    const { code, stdout } = await one.exec("all", "id -un", { env: { SSH_AUTH_SOCK: socket } });
    t.equal(code, 0);
    t.equal(stdout.match(/ubuntu/g)?.length, 2);
  });

  await t.test("an encrypted key is asked for on a terminal, once for all hosts that use it", async (t) => {
    const locked = `${t.testdirName}/locked`;
    const login = { ...direct("mon"), key: locked };
    const one = bench(t, { a: login, b: login }, { pins: stand.monPins });
    execFileSync("cp", [LAB_KEY, locked]);
    execFileSync("ssh-keygen", ["-q", "-p", "-N", "locked away", "-f", locked]);
    const program = [process.execPath, launcher, "playbooks/exec.mts", ...one.args];
    const question = `passphrase of ${locked}: `;
    const { code, shown } = await onTerminal([...program, "all", "--", "id -un"], { [question]: "locked away" });
    t.equal(code, 0, shown);
    t.equal(shown.split(question).length, 2);
    t.match(shown, /a \| exit 0\s+ubuntu\s+b \| exit 0\s+ubuntu/);
    t.notOk(shown.includes("locked away"));
  });

  await t.test("a password logs in, asked by sshd or by PAM; a wrong one is one clear error", async (t) => {
    const login = { host: "127.0.0.1", port: labPort("mon"), ansible_password: "!env LAB_PASSWORD" };
    const one = bench(t, { a: { ...login, user: "clerk" }, b: { ...login, user: "typist" } }, { pins: stand.monPins });
    const { code, stdout } = await one.exec("all", "id -un", { env });
    t.equal(code, 0);
    t.equal(stdout, "a | exit 0\n  clerk\nb | exit 0\n  typist\n");
    const wrong = await one.exec("a", "id", { env: { LAB_PASSWORD: "wr0ng-pass" } });
    t.equal(wrong.code, 4);
    t.match(wrong.stderr, /^UNREACHABLE a: a \(.*\): login as clerk refused; tried: .*password/m);
    t.notMatch(wrong.stderr + wrong.stdout, /wr0ng-pass/);
  });

  await t.test("pins that ssh-keygen hashed are known, a rebuilt host's is replaced", async (t) => {
    const wrong = pinned(`[127.0.0.1]:${labPort("mon")}`, stand.keysOf("app-dev"));
    const one = bench(t, { mon: direct("mon") }, { pins: stand.monPins });
    const hash = () => execFileSync("ssh-keygen", ["-q", "-H", "-f", `${one.dir}/pins`], { stdio: "ignore" });
    hash();
    t.match(readFileSync(`${one.dir}/pins`, "utf8"), /^\|1\|/);
    t.equal((await one.exec("mon", "id")).code, 0);
    const two = bench(t, { mon: direct("mon") }, { pins: wrong });
    hash();
    t.match(await two.exec("mon", "id"), {
      code: 4,
      stderr: /UNREACHABLE .* changed\n {2}found .*\n {2}expected .*pins:\d+\)/,
    });
    t.match(await two.exec("mon", "id -un", { options: ["--rebuilt", "mon"] }), { code: 0 });
    t.match(await two.exec("mon", "id -un"), { code: 0 });
  });

  await t.test("a revoked key is refused, whatever pins it and whatever the operator allows", async (t) => {
    const ed25519 = keyOf("ed25519");
    const pins = pinned(`[127.0.0.1]:${labPort("mon")}`, [ed25519]) + pinned("@revoked *", [ed25519]);
    const one = bench(t, { mon: direct("mon") }, { pins });
    const { code, stderr } = await one.exec("mon", "id", { options: ["--accept-new", "--rebuilt", "mon"] });
    t.equal(code, 4);
    t.match(stderr, /^UNREACHABLE .*revoked/);
  });

  await t.test("one pinned key type is enough, and is the one that is asked for", async (t) => {
    for (const type of ["ed25519", "ecdsa", "rsa"]) {
      const pins = pinned(`[127.0.0.1]:${labPort("mon")}`, [keyOf(type)]);
      const { code, stderr } = await bench(t, { mon: direct("mon") }, { pins }).exec("mon", "id");
      t.equal(code, 0, `${type}: ${stderr}`);
    }
  });

  await t.test("a host is reached by IPv6, and as a hop in brackets", async (t) => {
    const network = `hostwright-${LAB}-six`;
    const prefix = `fd00:77:${77 + LAB}`;
    const mon = `hostwright-${LAB}-mon`;
    const docker = (...args: readonly string[]) => spawnSync("docker", args, { encoding: "utf8" });
    // Docker would choose an IPv4 network too, and may choose the one that the engine inside of `mon` has: of RFC 5737 nobody has any.
    const subnets = ["--subnet", `${prefix}::/64`, "--subnet", `198.51.100.${(LAB % 16) * 16}/28`];
    const made = docker("network", "create", "--ipv6", ...subnets, network);
    t.equal(made.status, 0, made.stderr);
    t.teardown(() => {
      docker("network", "disconnect", "-f", network, mon);
      docker("network", "rm", network);
    });
    const connected = docker("network", "connect", "--ip6", `${prefix}::10`, network, mon);
    t.equal(connected.status, 0, connected.stderr);
    const six = { ...inside("mon"), host: `${prefix}::10` };
    const jump = `-o ProxyJump=ubuntu@[${prefix}::10]:2222`;
    const hosts = { six, dev: { ...inside("app-dev"), ansible_ssh_extra_args: jump } };
    const pins = [`${prefix}::10`, `[${prefix}::10]:2222`].map((name) => pinned(name, stand.keysOf("mon")));
    const config = `Host *\n  IdentityFile ${LAB_KEY}\n`;
    const { code, stdout } = await bench(t, hosts, { pins: pins.join("") + stand.insidePins("app-dev"), config }).exec(
      "all",
      FROM,
    );
    t.equal(code, 0);
    t.match(stdout, /six \| exit 0\n {2}fd00:/, "sshd was reached by IPv6");
    t.match(stdout, `dev | exit 0\n  ${labAddress("mon")}\n`);
  });

  await t.test("a port that is not 22 is pinned as such", async (t) => {
    const hosts = { mon: { ...inside("mon"), port: 2222 } };
    const one = bench(t, hosts);
    t.match(await one.exec("mon", "id"), { code: 4, stderr: /is unknown\n {2}found / });
    const { code, stdout } = await one.exec("mon", PORT, { options: ["--accept-new"] });
    t.equal(code, 0);
    t.equal(stdout, "mon | exit 0\n  2222\n");
    t.match(readFileSync(`${one.dir}/pins`, "utf8"), new RegExp(`^\\[${labAddress("mon")}\\]:2222 \\S+ \\S+\n$`));
  });
});

/** Starts ssh-agent with this key; it ends with the test. */
async function agent(t: Test, key: string): Promise<string> {
  // Not in the test's own folder: the name of a socket has 107 characters at most.
  const dir = mkdtempSync(join(tmpdir(), "agent-"));
  const child = spawn("ssh-agent", ["-D", "-a", `${dir}/socket`], { stdio: ["ignore", "pipe", "inherit"] });
  t.teardown(() => {
    child.kill();
    rmSync(dir, { recursive: true });
  });
  // It prints the socket's name once it listens.
  for await (const _ of child.stdout) break;
  execFileSync("ssh-add", ["-q", key], { env: { ...process.env, SSH_AUTH_SOCK: `${dir}/socket` } });
  return `${dir}/socket`;
}
