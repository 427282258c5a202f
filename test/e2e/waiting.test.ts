import t from "tap";
import { bench, pinned } from "../support/bench.ts";
import { machineImage, startContainer } from "../support/container.ts";
import { eventually } from "../support/lab.ts";
import { runFile } from "../support/program.ts";
import { loginKey } from "../support/spoiled.ts";
import { noLab } from "../support/stand.ts";

t.setTimeout(10 * 60_000);

/** Holds apt's lock as apt does (fcntl, F_SETLK of a struct flock on a machine of 64 bits), for some seconds. */
const HOLD = `use Fcntl;
$0 = "unattended-upgr";
open(my $lock, ">>", "/var/lib/dpkg/lock-frontend") or die;
my $flock = pack("s s x4 q q l x4", F_WRLCK, 0, 0, 0, 0);
fcntl($lock, F_SETLK, $flock) or die "no lock: $!";
open(my $held, ">", "/tmp/held");
sleep 15;`;

t.test("another program that installs is waited for, and named", { skip: noLab }, async (t) => {
  const key = loginKey(t);
  const spoil = `cat >/root/hold <<'END'\n${HOLD}\nEND`;
  const host = await startContainer(t, await machineImage(), { publicKey: `${key}.pub`, spoil });
  const vars = { host: "127.0.0.1", port: host.port, user: "ops", key };
  const one = bench(t, { web: vars }, { pins: pinned(`[127.0.0.1]:${host.port}`, host.keys) });
  await host.run("nohup perl /root/hold >/tmp/hold.log 2>&1 &");
  await eventually(
    "the lock is held",
    10,
    () => host.run("cat /tmp/held && echo yes"),
    (said) => said === "yes\n",
  );
  const { code, stdout, stderr } = await runFile("test/fixtures/packages.mts", [...one.args, "-e", "wanted=bc"], {
    env: { SSH_AUTH_SOCK: "" },
  });
  t.equal(code, 0, stdout + stderr);
  t.match(stdout, /web +[\d.]+s {2}waits for +unattended-upgr \(pid \d+\), which has apt's lock\n/);
  t.match(stdout, /web .*changed=1/);
});
