import { setTimeout as delay } from "node:timers/promises";
import t from "tap";
import { eventually, LAB, onHost, playbook, program, site, stepsOf, takeLab } from "../support/lab.ts";
import { noLab } from "../support/stand.ts";

// It brings the tests' lab up and converges it where that has not happened yet.
t.setTimeout(45 * 60_000);

const HOSTS = ["app-prod", "mon"];
const LIMIT = ["--limit", HOSTS.join()];
const update = (...args: readonly string[]) => playbook("playbooks/update.mts", ...LIMIT, ...args);

/** A package of ours, installed as 1.0, and a mirror that has 2.0, which asks for a reboot as Ubuntu's kernels do. */
const OUTDATED = `
  build() {
    mkdir -p "/opt/probe/$1/DEBIAN"
    printf 'Package: hostwright-probe\\nVersion: %s\\nArchitecture: all\\nMaintainer: lab <lab@example.com>\\nDescription: lab\\n' "$1" >"/opt/probe/$1/DEBIAN/control"
    printf '#!/bin/sh\\n%s\\n' "$2" >"/opt/probe/$1/DEBIAN/postinst"
    chmod 755 "/opt/probe/$1/DEBIAN/postinst"
    dpkg-deb --build "/opt/probe/$1" "/opt/probe/$1.deb" >/dev/null
  }
  set -e
  build 1.0 true
  build 2.0 ': >/run/reboot-required; echo hostwright-probe >>/run/reboot-required.pkgs'
  dpkg -i /opt/probe/1.0.deb >/dev/null
  cd /opt/probe
  { dpkg-deb -f 2.0.deb; printf 'Filename: ./2.0.deb\\nSize: %s\\nSHA256: %s\\n' "$(stat -c %s 2.0.deb)" "$(sha256sum 2.0.deb | cut -d' ' -f1)"; } >Packages
  echo 'deb [trusted=yes] file:/opt/probe ./' >/etc/apt/sources.list.d/probe.list
  apt-get update >/dev/null`;
const CLEAN = "apt-get purge -y hostwright-probe; rm -rf /opt/probe /etc/apt/sources.list.d/probe.list; apt-get update";

const installed = async (host: string) => (await onHost(host, "dpkg-query -W hostwright-probe | cut -f 2")).trim();

interface Container {
  readonly running: boolean;
  readonly startedAt: string;
}

async function containerOf(host: string): Promise<Container> {
  const format = "{{.State.Running}} {{.State.StartedAt}}";
  const { stdout } = await program("docker", "inspect", "-f", format, `hostwright-${LAB}-${host}`);
  const [running, startedAt = ""] = stdout.trim().split(" ");
  return { running: running === "true", startedAt };
}

const startsOf = async () =>
  Object.fromEntries(await Promise.all(HOSTS.map(async (one) => [one, (await containerOf(one)).startedAt])));

/** Starts machines that went down, as their firmware would: a container only ends. Returns how many were seen down at once, at most. */
function firmware(): { end(): Promise<number> } {
  let [isOn, most] = [true, 0];
  const watching = (async () => {
    while (isOn) {
      const down: string[] = [];
      for (const host of HOSTS) if (!(await containerOf(host)).running) down.push(host);
      most = Math.max(most, down.length);
      for (const host of down) await program("docker", "start", `hostwright-${LAB}-${host}`);
      await delay(500);
    }
  })();
  return {
    async end() {
      isOn = false;
      await watching;
      return most;
    },
  };
}

t.test(
  "packages are brought up to date, and machines rebooted, one host after the other",
  { skip: noLab },
  async (t) => {
    await takeLab(t);
    t.equal((await site(...LIMIT)).code, 0);
    for (const host of HOSTS) await onHost(host, OUTDATED);
    t.teardown(async () => {
      for (const host of HOSTS) await onHost(host, CLEAN);
    });
    const before = await startsOf();

    await t.test("check mode says which package, from which version to which, and changes nothing", async (t) => {
      const { code, stderr } = await update("--check");
      t.equal(code, 0, stderr);
      t.match(stderr, /upgrade all packages .*hostwright-probe 1\.0 → 2\.0/);
      for (const host of HOSTS) t.equal(await installed(host), "1.0", host);
    });

    await t.test("without --reboot packages are upgraded, and who wants a reboot is named", async (t) => {
      const run = await update();
      t.equal(run.code, 0, run.stderr);
      for (const host of HOSTS) {
        t.equal(await installed(host), "2.0", host);
        t.same(new Set(stepsOf(run, host, "applied")), new Set(["upgrade all packages"]), host);
        t.match(
          run.results.get(host)?.notes.join("\n"),
          `${host} wants a reboot (required hostwright-probe): npx zx`,
          host,
        );
      }
      t.same(await startsOf(), before, "nobody was rebooted");
      const plays = run.events.flatMap((event) => (event.kind === "play" ? [event.name] : []));
      t.same(plays.slice(0, 2), ["packages: app hosts", "packages: monitoring host"]);
    });

    await t.test("a second run changes nothing", async (t) => {
      const run = await update();
      t.same(
        HOSTS.map((host) => run.results.get(host)?.changed),
        [0, 0],
        run.stderr,
      );
    });

    await t.test("with --reboot each is rebooted in good order and waited for, the monitoring host last", async (t) => {
      const machines = firmware();
      const run = await update("--reboot");
      t.equal(await machines.end(), 1, "never two at once");
      t.equal(run.code, 0, run.stderr);
      const after = await startsOf();
      for (const host of HOSTS) {
        t.not(after[host], before[host], `${host} was rebooted`);
        t.match(run.results.get(host), { changed: 1, failure: undefined }, host);
        t.notMatch(run.results.get(host)?.notes.join("\n"), /wants a reboot/);
      }
      t.ok(Date.parse(after["app-prod"] ?? "") < Date.parse(after.mon ?? ""), "the monitoring host last");
      t.same(
        HOSTS.map((host) => run.events.filter((event) => event.kind === "recovered" && event.host === host).length),
        [1, 1],
      );
      const again = await site(...LIMIT);
      t.same(
        HOSTS.map((host) => again.results.get(host)?.changed),
        [0, 0],
        "all is as the site wants it",
      );
    });

    await t.test("where a host is not well after its reboot, no other is touched", async (t) => {
      const drop = "/etc/systemd/system/node_exporter.service.d";
      await onHost(
        "app-prod",
        `mkdir -p ${drop} && printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\n' >${drop}/broken.conf`,
      );
      for (const host of HOSTS) await onHost(host, ": >/run/reboot-required");
      const { mon } = await startsOf();
      const machines = firmware();
      const run = await update("--reboot");
      await machines.end();
      t.equal(run.code, 2, run.stderr);
      t.match(run.results.get("app-prod")?.failure?.message, /http .*9100/);
      t.equal((await startsOf()).mon, mon);
      t.match(
        run.events.find(({ kind }) => kind === "stopped"),
        { play: "reboot: app hosts" },
      );
      await onHost(
        "app-prod",
        `rm -r ${drop} && systemctl daemon-reload && systemctl reset-failed && systemctl restart node_exporter`,
      );
      await onHost("mon", "rm /run/reboot-required");
      await eventually(
        "in sync",
        60,
        () => update(),
        ({ code }) => code === 0,
      );
    });
  },
);
