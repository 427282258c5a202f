import t from "tap";
import { bench, pinned } from "../support/bench.ts";
import { machineImage, startContainer } from "../support/container.ts";
import { runFile } from "../support/program.ts";
import { loginKey } from "../support/spoiled.ts";
import { noLab } from "../support/stand.ts";

t.setTimeout(10 * 60_000);

const FILE = "/etc/ssh/sshd_config.d/00-hostwright.conf";

t.test("a setting of sshd that locks us out goes back by itself", { skip: noLab }, async (t) => {
  const key = loginKey(t);
  const host = await startContainer(t, await machineImage(), { publicKey: `${key}.pub`, systemd: true });
  const vars = { host: "127.0.0.1", port: host.port, user: "ops", key };
  const one = bench(t, { web: vars }, { pins: pinned(`[127.0.0.1]:${host.port}`, host.keys) });
  const run = (setting: string, ...args: readonly string[]) =>
    runFile("test/fixtures/lockout.mts", [...one.args, ...args, "-e", JSON.stringify({ sshd_setting: setting })], {
      env: { SSH_AUTH_SOCK: "" },
    });

  const fine = await run("MaxAuthTries 5");
  t.equal(fine.code, 0, fine.stdout + fine.stderr);
  t.match(fine.stdout, /handler +sshd: reload/);

  for (const setting of ["AllowUsers nobody", "Port 2222", "PubkeyAuthentication no"]) {
    const locked = await run(setting);
    t.equal(locked.code, 2, locked.stdout + locked.stderr);
    t.match(locked.stdout, "handler sshd: reload: with it nobody comes in by a new connection");
    t.match(locked.stdout, /stderr +web \(127\.0\.0\.1:\d+\): \S/, "and why");
    t.match(locked.stdout, `file ${FILE}: as it was, and works`);
    t.equal(await host.run(`cat ${FILE}`), "MaxAuthTries 5\n");
    const again = await run("MaxAuthTries 5");
    t.match(again.stdout, /ok=1 +changed=0 +failed=0/, `${setting}: all is as before`);
  }
});
