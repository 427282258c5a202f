import t from "tap";
import { bench, direct, onTerminal } from "../support/bench.ts";
import { eventually, onHost } from "../support/lab.ts";
import { launcher, runProgram } from "../support/program.ts";
import { noLab, PASSWORD, takeStand } from "../support/stand.ts";

t.setTimeout(20 * 60_000);

const env = { LAB_PASSWORD: PASSWORD };
/** May use sudo, with a password. */
const clerk = { ...direct("mon"), user: "clerk" };

t.test("becoming root and others, on a real host", { skip: noLab }, async (t) => {
  const { monPins } = await takeStand(t);

  await t.test("-k and -K ask on the terminal, show nothing of the answers, and log in and become root", async (t) => {
    const { key: _, ...keyless } = clerk;
    const one = bench(t, { mon: keyless }, { pins: monPins });
    const program = [process.execPath, launcher, "playbooks/exec.mts", ...one.args];
    const { code, shown } = await onTerminal([...program, "mon", "-b", "-k", "-K", "--", "id -un"], {
      "SSH password: ": PASSWORD,
      "BECOME password: ": PASSWORD,
    });
    t.equal(code, 0, shown);
    t.match(shown, /mon \| exit 0\s+root/);
    t.notOk(shown.includes(PASSWORD));
  });

  await t.test("sudo that wants a password gets it, and without one says how to give it", async (t) => {
    const one = bench(
      t,
      { mon: { ...clerk, ansible_become_password: "!env LAB_PASSWORD" }, no: clerk },
      { pins: monPins },
    );
    const { code, stdout, stderr } = await one.exec("all", "id -un; cat; echo end", { options: ["-b"], env });
    t.equal(code, 2);
    t.equal(stdout, "mon | exit 0\n  root\n  end\n", "neither password nor script is on stdin of the command");
    t.match(stderr, /^FAILED no: cannot become root: sudo wants a password\n {2}next {6}give -K/m);
    t.equal(await onHost("mon", "ls /tmp/taken 2>/dev/null || echo none"), "none\n");
  });

  await t.test(
    "a wrong sudo password is one try and one clear error, and no line of the script is anything else",
    async (t) => {
      const one = bench(t, { mon: { ...clerk, ansible_become_password: "!env LAB_PASSWORD" } }, { pins: monPins });
      const started = Date.now();
      const wrong = "touch /tmp/ran";
      const since = (await onHost("mon", "date '+%F %T'")).trim();
      const { code, stdout, stderr } = await one.exec("mon", "touch /tmp/ran", {
        options: ["-b"],
        env: { LAB_PASSWORD: wrong },
      });
      t.equal(code, 2);
      t.equal(stdout, "");
      t.match(
        stderr,
        /^FAILED mon: cannot become root: sudo refuses the password or the user \(.*1 incorrect password attempt\)\n {2}next {6}correct/,
      );
      t.ok(Date.now() - started < 15_000, `${Date.now() - started} ms`);
      t.equal(await onHost("mon", "ls /tmp/ran 2>/dev/null || echo none"), "none\n");
      const log = await onHost("mon", `journalctl -q --since '${since}' -t sudo -o cat`);
      t.match(log, /1 incorrect password attempt/);
      t.notMatch(log, /3 incorrect/);
    },
  );

  await t.test("resources become another user, also one that the same run makes", async (t) => {
    const one = bench(
      t,
      { mon: { ...clerk, deploy_user: "deploy", ansible_become_password: "!env LAB_PASSWORD" } },
      { pins: monPins },
    );
    const run = () => runProgram("../test/fixtures/become", one.args, { env: { ...env, SSH_AUTH_SOCK: "" } });
    const first = await run();
    t.equal(first.code, 0, first.stderr);
    t.equal(
      await onHost("mon", "cat ~deploy/who ~deploy/own; stat -c '%U %a' ~deploy/who ~deploy/own"),
      "deploy /home/deploy 0077\nit's $(id)\ndeploy 600\ndeploy 600\n",
    );
    const second = await run();
    t.equal(second.code, 0, second.stderr);
    t.match(second.stdout, /mon .*changed 0|mon .*changed=0|ok 3/);
  });

  await t.test("a become user or method for a whole host is refused before it is contacted", async (t) => {
    const one = bench(t, { mon: { ...clerk, ansible_become_user: "deploy" } }, { pins: monPins });
    const { code, stderr } = await one.exec("mon", "id", { options: ["-b"] });
    t.equal(code, 1);
    t.match(stderr, /hosts\.yml:\d+:\d+: var ansible_become_user of host "mon": found "deploy", expected "root"/);
    const su = await one.exec("mon", "id", {
      options: ["-b", "-e", "ansible_become_user=root", "-e", "ansible_become_method=su"],
    });
    t.match(su, { code: 1, stderr: /found "su", expected "sudo" or "doas"/ });
  });

  await t.test("doas makes root where sudo does not, or is missing", async (t) => {
    await onHost(
      "mon",
      "dpkg -s opendoas >/dev/null 2>&1 || { apt-get update && apt-get install -y --no-install-recommends opendoas; } >/dev/null 2>&1; echo permit nopass doer >/etc/doas.conf; chmod 600 /etc/doas.conf",
    );
    const one = bench(t, { mon: { ...direct("mon"), user: "doer" } }, { pins: monPins });
    const line = 'id -un; echo "$DOAS_USER"';
    t.equal((await one.exec("mon", line, { options: ["-b"] })).stdout, "mon | exit 0\n  root\n  doer\n");
    await onHost("mon", "mv /usr/bin/sudo /usr/bin/sudo.away");
    t.teardown(() => onHost("mon", "[ ! -e /usr/bin/sudo.away ] || mv /usr/bin/sudo.away /usr/bin/sudo"));
    t.equal((await one.exec("mon", line, { options: ["-b"] })).stdout, "mon | exit 0\n  root\n  doer\n");
    const facts = await runProgram("facts", [...one.args, "mon", "-b"], { env: { SSH_AUTH_SOCK: "" } });
    t.match(JSON.parse(facts.stdout), { becomeBy: "doas", loginUser: "doer" });
    await onHost("mon", "echo deny doer >/etc/doas.conf");
    const refused = await one.exec("mon", line, { options: ["-b"] });
    t.match(refused, { code: 2, stderr: /cannot become root: neither sudo nor doas lets this user/ });
    await onHost("mon", "mv /usr/bin/sudo.away /usr/bin/sudo");
  });

  await t.test("of two operators on one host the second is told of the first, or waits", async (t) => {
    const vars = { ...direct("mon"), go: "/tmp/go", done: "/tmp/done" };
    const one = bench(t, { mon: vars }, { pins: monPins });
    const run = (...args: readonly string[]) =>
      runProgram("../test/fixtures/slow", [...one.args, ...args], { env: { SSH_AUTH_SOCK: "" } });
    const first = run();
    t.teardown(() => onHost("mon", "touch /tmp/go"));
    await eventually(
      "the lock is held",
      30,
      () => onHost("mon", "cat /var/lib/hostwright/holder"),
      (who) => who !== "",
    );
    const lock = (verb: string) => runProgram("lock", [verb, "mon", ...one.args], { env: { SSH_AUTH_SOCK: "" } });
    t.match(await lock("status"), { code: 0, stdout: /^mon {2}held by \S+@\S+, \S*slow\.mts, since / });
    const second = await run();
    t.equal(second.code, 5);
    t.match(
      second.stdout,
      /another run is changing this host: found \S+@\S+, \S*slow\.mts, since \S+ \(run [0-9a-f]{8}\)/,
    );
    const third = run("--lock-wait", "60s");
    await eventually(
      "the third waits",
      30,
      () => onHost("mon", "ps -eo args"),
      (list) => /flock -w 60/.test(list),
    );
    await onHost("mon", "touch /tmp/go");
    t.equal((await first).code, 0);
    t.match(await third, { code: 0, stdout: /waits for +another run: \S+@/ });
    t.match(await lock("status"), { code: 0, stdout: "mon  free\n" });
    t.match(await lock("release"), { code: 0, stdout: "mon  free\n" });
    t.notMatch(await onHost("mon", "ls /var/lib/hostwright"), /holder|stop/, "no holder is left");
  });
});
