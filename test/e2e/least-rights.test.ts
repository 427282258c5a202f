import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import t, { type Test } from "tap";
import { quoteWord } from "../../engine/shell/sh.ts";
import { bench, pinned } from "../support/bench.ts";
import { machineImage, startContainer } from "../support/container.ts";
import { runFile } from "../support/program.ts";
import { loginKey } from "../support/spoiled.ts";
import { noLab } from "../support/stand.ts";

t.setTimeout(15 * 60_000);

const PAGE = "docs/security.md";
const LOG = "/var/log/sudo-io/hostwright";

/** The blocks of the page, in order: making the user, the line of its key, the rule of sudo. */
function blocksOfPage(): readonly [setUp: string, key: string, sudoers: string] {
  const section = readFileSync(PAGE, "utf8").split("\n## A user with the right")[1] ?? "";
  const [setUp, key, sudoers, more] = [...section.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => text);
  if (!setUp || !key || !sudoers || more !== undefined) throw new Error(`${PAGE}: expected three blocks of code`);
  return [setUp, key, sudoers];
}

/** A machine set up as the page says, with this address as the controller's. Nobody else there has rights. */
async function machine(t: Test, image: string, controller: string) {
  const key = loginKey(t);
  const [setUp, line, sudoers] = blocksOfPage();
  const publicKey = readFileSync(`${key}.pub`, "utf8").trim();
  const ownLine = line.replace("192.0.2.10", controller).replace(/ssh-ed25519 AAAA… hostwright/, publicKey);
  const spoil = `rm /etc/sudoers.d/ops
${setUp}
printf %s ${quoteWord(ownLine)} >/home/hostwright/.ssh/authorized_keys
chown hostwright: /home/hostwright/.ssh/authorized_keys
printf %s ${quoteWord(sudoers)} >/etc/sudoers.d/hostwright
chmod 0440 /etc/sudoers.d/hostwright
visudo -cf /etc/sudoers.d/hostwright >&2`;
  const host = await startContainer(t, image, { publicKey: `${key}.pub`, spoil });
  const vars = { host: "127.0.0.1", port: host.port, user: "hostwright", key, deploy_user: "deploy" };
  const pins = pinned(`[127.0.0.1]:${host.port}`, host.keys);
  const one = bench(t, { web: vars, other: { ...vars, user: "ops" } }, { pins });
  return { host, key, one };
}

/** Where connections to a container's published port come from: Docker's bridge. */
const ANYWHERE = "172.16.0.0/12,10.0.0.0/8,192.168.0.0/16";

t.test("a host whose sudo allows what the page says, and nothing else", { skip: noLab }, async (t) => {
  const image = await machineImage();
  const { host, key, one } = await machine(t, image, ANYWHERE);
  const env = { SSH_AUTH_SOCK: "" };

  await t.test("is converged, and in sync the second time", async (t) => {
    const run = () => runFile("test/fixtures/become.mts", [...one.args, "-l", "web"], { env });
    const first = await run();
    t.equal(first.code, 0, first.stdout + first.stderr);
    t.match(first.stdout, /web .*changed=3/);
    t.equal(await host.run("stat -c '%U %a' ~deploy/own"), "deploy 600\n");
    const second = await run();
    t.match(second.stdout, /web .*ok=3 +changed=0/, second.stderr);
  });

  await t.test("runs commands of exec as root, and its answers are in sudo's log, for root only", async (t) => {
    const { code, stdout, stderr } = await one.exec("web", "id -un; echo found-in-the-log", { options: ["-b"], env });
    t.match({ code, stdout }, { code: 0, stdout: /root\s+found-in-the-log/ }, stderr);
    t.match(await host.run(`sudoreplay -d ${LOG} -l`), /hostwright .*COMMAND=\/\S*\/sh -s/);
    t.match(await host.run(`find ${LOG} -name ttyout -o -name stdout | xargs zcat -f`), "found-in-the-log");
    t.match(await host.run("su -s /bin/sh hostwright -c 'ls /var/log/sudo-io' 2>&1 || :"), "Permission denied");
  });

  await t.test("refuses all else", async (t) => {
    for (const command of [
      "id",
      "/bin/bash -s",
      "/bin/sh",
      "/bin/sh -c id",
      "/bin/sh -s -x",
      "/bin/sh -e -s",
      "/bin/sh -c : -s",
      "LD_PRELOAD=/tmp/own.so /bin/sh -s",
      "-u ops /bin/sh -s",
      "-g ops /bin/sh -s",
      "-e /etc/passwd",
      "-s",
      "-i",
    ]) {
      const line = `sudo -n ${command} </dev/null && echo 'was let in'`;
      const said = await host.run(`su -s /bin/sh hostwright -c ${quoteWord(line)} 2>&1 || :`);
      t.match(said, /a password is required|not allowed/, `sudo ${command}`);
      t.notMatch(said, "was let in");
    }
    t.equal(await host.run("su -s /bin/sh hostwright -c 'echo id -un | sudo -n /bin/sh -s'"), "root\n");
  });

  await t.test("lets no other user become root", async (t) => {
    const { code, stderr } = await one.exec("other", "id", { options: ["-b"], env });
    t.equal(code, 2);
    t.match(stderr, /^FAILED other: cannot become root/m);
  });

  await t.test("gives the key no terminal and no forwarding", async (t) => {
    const ssh = (...words: readonly string[]) =>
      spawnSync("ssh", ["-F", `${one.dir}/config`, "-i", key, "-p", String(host.port), ...words], { encoding: "utf8" });
    const target = "hostwright@127.0.0.1";
    t.match(ssh(target, "echo lets in"), { status: 0, stdout: "lets in" });
    t.match(ssh("-tt", target, "tty"), { stderr: /PTY allocation request failed/ });
    t.match(ssh("-W", "127.0.0.1:22", target), { stdout: "", stderr: /administratively prohibited|forwarding failed/ });
  });
});

t.test("the key is of no use from another address", { skip: noLab }, async (t) => {
  const { one } = await machine(t, await machineImage(), "192.0.2.10");
  const { code, stderr } = await one.exec("web", "id", { env: { SSH_AUTH_SOCK: "" } });
  t.equal(code, 4);
  t.match(stderr, /login as hostwright refused/);
});
