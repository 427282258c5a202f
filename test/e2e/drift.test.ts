import { readFileSync } from "node:fs";
import t from "tap";
import { bench, pinned } from "../support/bench.ts";
import { machineImage, startContainer } from "../support/container.ts";
import { runFile } from "../support/program.ts";
import { loginKey } from "../support/spoiled.ts";
import { noLab } from "../support/stand.ts";

t.setTimeout(10 * 60_000);

t.test("a check at night tells what somebody edited from what is not applied yet", { skip: noLab }, async (t) => {
  const key = loginKey(t);
  const host = await startContainer(t, await machineImage(), { publicKey: `${key}.pub` });
  const vars = { host: "127.0.0.1", port: host.port, user: "ops", key };
  const one = bench(t, { web: vars }, { pins: pinned(`[127.0.0.1]:${host.port}`, host.keys) });
  const run = (port: string, ...args: readonly string[]) =>
    runFile("test/fixtures/drift.mts", [...one.args, "-e", JSON.stringify({ wanted_port: port }), ...args], {
      env: { SSH_AUTH_SOCK: "" },
    });
  const files = [
    "--junit",
    `${one.dir}/junit.xml`,
    "--message",
    `${one.dir}/message`,
    "--report",
    `${one.dir}/run.html`,
  ];
  const check = (port: string, ...args: readonly string[]) => run(port, "--check", ...files, ...args);
  t.equal((await run("80")).code, 0);
  t.equal((await check("80", "--fail-on-changes")).code, 0, "nothing differs");

  await t.test("the repository moved", async (t) => {
    const { code, stdout } = await check("81", "--fail-on-drift");
    t.equal(code, 0, "which is no drift");
    t.match(stdout, /Check mode: 1 change would be made in the first pass; nothing was changed\./);
    t.notMatch(stdout, "edited on");
    t.match(
      readFileSync(`${one.dir}/message`, "utf8"),
      /web: new in the repository, not applied: file \/etc\/moved\.conf/,
    );
    t.equal((await check("81", "--fail-on-changes")).code, 3);
  });

  await t.test("somebody edited the host, and the repository moved", async (t) => {
    await host.run("echo 'user = b' >/etc/edited.conf");
    const { code, stdout } = await check("81", "--fail-on-drift", "--diff");
    t.equal(code, 3);
    t.match(stdout, /differs +2 of 2 resources; 1 edited on the host since the last run/);
    t.match(stdout, /would change +file \/etc\/edited\.conf {2}content {2}\(edited on the host\)/);
    t.match(stdout, /would change +file \/etc\/moved\.conf {2}content\n/);
    t.match(stdout, "2 changes would be made in the first pass (1 edited on a host since the last run)");
    t.equal(
      readFileSync(`${one.dir}/message`, "utf8").split("\n").slice(1).join("\n"),
      "web: edited on the host: file /etc/edited.conf (content)\nweb: new in the repository, not applied: file /etc/moved.conf (content)\n",
    );
    t.match(readFileSync(`${one.dir}/run.html`, "utf8"), "file /etc/edited.conf: content (edited on the host)");
    t.equal((await check("81", "--fail-on-changes")).code, 3);
    t.match(
      readFileSync(`${one.dir}/junit.xml`, "utf8"),
      /message="would change: content \(edited on the host since the last run\)"/,
    );
    t.equal(await host.run("cat /etc/edited.conf"), "user = b\n", "and nothing was changed");
  });

  await t.test("a run puts it right, and says so", async (t) => {
    const { code, stdout } = await run("81");
    t.equal(code, 0);
    t.match(stdout, /2 of 2 resources; 1 edited on the host/);
    t.equal((await check("81", "--fail-on-changes")).code, 0);
  });
});
