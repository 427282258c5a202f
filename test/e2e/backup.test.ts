import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { eventually, LAB, lab, labAddress, onHost, playbook, type SiteRun, site, takeLab } from "../support/lab.ts";
import { noLab } from "../support/stand.ts";

t.setTimeout(60 * 60_000);

const LOGS = "/home/ubuntu/fittoring/logs/backup.log";
const LOKI = `http://${labAddress("mon")}:8080/loki/api/v1`;
const ADMIN = "admin:$(cat /opt/monitoring/secrets/grafana_admin_password)";
const GRAFANA = `http://${labAddress("mon")}/api`;
const POST = "curl -sf -H 'content-type: application/json' -d";
const BY_HAND = "by-hand:what she chose";
const FILLER_MB = 160;

/** An entry of app-prod's log, as its application writes them. */
const write = (words: string) =>
  onHost(
    "app-prod",
    `echo "{\\"timestamp\\":\\"$(date -u +%FT%T.%6NZ)\\",\\"level\\":\\"INFO\\",\\"message\\":\\"${words}\\"}" >>${LOGS}; chown ubuntu: ${LOGS}`,
  );

/** How many entries Loki has with these words in the last three hours. */
async function entries(words: string): Promise<number> {
  const query = `curl -sfG ${LOKI}/query_range -d start=$(($(date +%s) - 10800)) -d limit=5000 --data-urlencode 'query={host="app-prod"} |= "${words}"'`;
  const { data } = JSON.parse(await onHost("mon", query)) as { data: { result: { values: unknown[] }[] } };
  return data.result.flatMap(({ values }) => values).length;
}

t.test("backups of the monitoring host", { skip: noLab }, async (t) => {
  await takeLab(t);
  const own = mkdtempSync(join(tmpdir(), "hostwright-backup-"));
  t.teardown(() => rmSync(own, { recursive: true }));
  writeFileSync(
    `${own}/vars.json`,
    JSON.stringify({ backup_folder: "/backup", backup_password: `it's "secret" $(id)` }),
  );
  const vars = ["-e", `@${own}/vars.json`];
  const run = async (code: number, started: Promise<SiteRun>) => {
    const ended = await started;
    t.equal(ended.code, code, ended.stderr);
    return ended.stderr;
  };
  const backup = () => playbook("playbooks/backup.mts", ...vars);
  const restore = (...args: readonly string[]) => playbook("playbooks/restore.mts", ...vars, ...args);
  const ids = async () =>
    (
      await onHost(
        "mon",
        '/opt/monitoring/backup/restic snapshots --json | grep -o \'"short_id":"[0-9a-f]*\' | cut -c13-',
      )
    ).trim();
  const containers = () => onHost("mon", "docker ps -q --filter label=com.docker.compose.project=monitoring | sort");

  await run(0, site(...vars, "--verify"));
  t.match(await run(2, backup()), /there is no folder \/backup: is its disk mounted\?/);
  await onHost("mon", "mkdir /backup");

  // What only the monitoring host knows.
  await onHost("mon", `${POST} '{"login":"by-hand","password":"what she chose"}' -u "${ADMIN}" ${GRAFANA}/admin/users`);
  await onHost(
    "mon",
    `${POST} '{"dashboard":{"uid":"by-hand","title":"By hand"}}' -u "${ADMIN}" ${GRAFANA}/dashboards/db`,
  );
  await write("written before the backup");
  await eventually(
    "an entry",
    60,
    () => entries("written before the backup"),
    (count) => count === 1,
  );
  const at = Number((await onHost("mon", "date +%s")).trim());
  const measured = () =>
    onHost(
      "mon",
      `curl -sfG http://127.0.0.1:9090/api/v1/query -d time=${at} --data-urlencode 'query=count_over_time(up{host="app-prod"}[1h])'`,
    );
  const before = await eventually("a measurement", 60, measured, (text) => text.includes('"value"'));
  const traces = async () =>
    (await onHost("mon", `curl -sf 'http://127.0.0.1:3200/api/search?limit=100000&start=${at - 7200}&end=${at}'`))
      .match(/"traceID":"[0-9a-f]+/g)
      ?.sort();
  const traced = await traces();
  t.ok(traced && traced.length > 0, "there are traces");

  await t.test("one is made while everybody sends: no push fails, and nothing of it is missing", async (t) => {
    const load = pushing();
    t.match(await run(0, backup()), /works +backups: 1 kept: the newest [0-9a-f]{8}/);
    const { pushes, failed, slowestMs } = await load.end();
    t.comment(`${pushes} pushes, the slowest ${slowestMs} ms`);
    t.same(failed, []);
    t.ok(pushes > 50, `${pushes} pushes`);
    t.equal(await load.stored(), pushes);
    t.match(await run(0, site(...vars, "--limit", "mon")), /in sync/, "the site's run has nothing to do after it");
  });

  await t.test("one that is cut while it copies leaves no service stopped, and none unhealthy", async (t) => {
    const big = "/var/lib/docker/volumes/monitoring_grafana-data/_data/big";
    const states = await onHost(
      "mon",
      `pid=$(docker inspect -f '{{.State.Pid}}' monitoring-grafana-1)
      state() { grep -o '^State:.[A-Z]' /proc/$pid/status | tail -c 2; }
      head -c 400M /dev/urandom >${big}
      systemctl start --no-block monitoring-backup
      for turn in $(seq 3000); do [ "$(state)" != T ] || break; sleep 0.01; done
      state
      systemctl kill --kill-whom=all --signal=KILL monitoring-backup
      until [ "$(systemctl show --value -p ActiveState monitoring-backup)" = failed ]; do sleep 0.1; done
      state
      rm ${big}
      ls -d /var/lib/docker/monitoring-backup 2>/dev/null || echo none`,
    );
    t.same(states.trim().split("\n"), ["T", "S", "none"]);
    t.equal(await onHost("mon", "docker ps --format '{{.Status}}' | grep -vc '(healthy)' || :"), "0\n");
  });

  await t.test("one that is cut goes on where it was", async (t) => {
    const volume = "/var/lib/docker/volumes/monitoring_loki-data/_data/chunks";
    await onHost(
      "mon",
      `install -d -o 10001 -g 10001 ${volume} ${volume}/fake; for n in $(seq ${FILLER_MB / 8}); do head -c 8M /dev/urandom >${volume}/fake/filler-$n; done`,
    );
    const known = await ids();
    const packs = async () =>
      (await onHost("mon", "find /backup/data -type f -size +1M ! -name '*tmp*'")).trim().split("\n").filter(Boolean);
    const old = await packs();
    const staging = await onHost(
      "mon",
      `systemctl start --no-block monitoring-backup
      for turn in $(seq 6000); do
        [ "$(find /backup/data -type f -size +1M ! -name '*tmp*' | wc -l)" -lt ${old.length + 2} ] || break
        sleep 0.01
      done
      systemctl kill --kill-whom=all --signal=KILL monitoring-backup
      until [ "$(systemctl show --value -p ActiveState monitoring-backup)" = failed ]; do sleep 0.1; done
      ls -d /var/lib/docker/monitoring-backup 2>/dev/null || echo none`,
    );
    t.equal(staging, "none\n");
    t.equal(await ids(), known, "a part is no backup");
    const sent = (await packs()).filter((pack) => !old.includes(pack));
    t.ok(sent.length >= 2, `${sent.length} packs were sent when it was cut`);
    await run(0, backup());
    const now = new Set(await packs());
    t.same(
      sent.filter((pack) => !now.has(pack)),
      [],
      "what was sent is not sent again",
    );
    t.match(await onHost("mon", "/opt/monitoring/backup/restic check --read-data 2>&1"), "no errors were found");
    // Linked and not copied: what is finished has not changed since, though its ctime has.
    await run(0, backup());
    t.match(
      await onHost("mon", "journalctl -u monitoring-backup -o cat | grep ^Files: | tail -n 1"),
      new RegExp(` ${FILLER_MB / 8} unmodified| [2-9]\\d unmodified`),
    );
  });

  const newest = (await ids()).split("\n").at(-1);
  const serving = await containers();

  await t.test("one that cannot be read, or must not be, changes nothing", async (t) => {
    const pack = (await onHost("mon", "ls -S /backup/data/*/* | head -n 1")).trim();
    await onHost(
      "mon",
      `cp -p ${pack} /run/pack; printf spoiled! | dd of=${pack} bs=1 seek=100000 conv=notrunc 2>/dev/null`,
    );
    t.match(
      await run(2, restore("-e", "restore_replaces_data=true")),
      `backup ${newest} of mon cannot be read as a whole: it is damaged`,
    );
    await onHost("mon", `mv /run/pack ${pack}`);
    t.match(
      await run(2, restore()),
      /was written at .*, after backup [0-9a-f]{8} of .*: -e restore_replaces_data=true lets that go; nothing was changed/,
    );
    t.match(
      await run(2, restore("-e", "grafana_image=grafana/grafana:11.6.0")),
      /has data of grafana\/grafana:\S+, and grafana 11\.6\.0 is wanted: it reads no data of a newer one/,
    );
    t.match(
      await run(2, restore("-e", "restore_backup=0123456789")),
      /the backups cannot be read|there is no backup 0123456789 of host mon/,
    );
    t.match(
      await run(2, playbook("playbooks/restore.mts", ...vars, "-e", "backup_password=forgotten")),
      /wrong password/,
    );
    t.equal(await containers(), serving);
    t.equal(await entries("written before the backup"), 1);
    await run(0, site(...vars, "--limit", "mon"));
  });

  await t.test(
    "a monitoring host that was rebuilt has what it had, and what was written while it was away",
    async (t) => {
      execFileSync("docker", ["cp", "-q", `hostwright-${LAB}-mon:/backup`, own]);
      await lab("rebuild", "mon");
      execFileSync("docker", ["cp", "-q", `${own}/backup`, `hostwright-${LAB}-mon:/backup`]);
      await onHost("mon", "chown -R root: /backup");
      await write("written while it was away");
      const print = (await onHost("mon", "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub")).split(" ")[1];
      t.match(await run(0, restore("--rebuilt", `mon=${print}`)), /Now run playbooks\/site\.mts/);
      t.match(await run(0, site(...vars, "--verify")), /works +backups: \d kept/);
      t.equal(
        await onHost("mon", `curl -sf -u '${BY_HAND}' ${GRAFANA}/user | grep -o by-hand | head -n 1`),
        "by-hand\n",
        "a user",
      );
      t.match(await onHost("mon", `curl -sf -u '${BY_HAND}' ${GRAFANA}/dashboards/uid/by-hand`), '"title":"By hand"');
      t.equal(await measured(), before, "a metric");
      const found = await traces();
      t.same(
        traced?.filter((id) => !found?.includes(id)),
        [],
        `${traced?.length} traces`,
      );
      t.equal(await entries("written before the backup"), 1);
      await eventually(
        "what waited",
        120,
        () => entries("written while it was away"),
        (count) => count === 1,
      );
      const again = await site(...vars);
      t.same(
        [again.code, [...again.results.values()].map(({ changed }) => changed)],
        [0, [0, 0, 0]],
        "nothing is left to do",
      );
    },
  );
});

/** Somebody who pushes ten entries every 20 ms. */
function pushing() {
  const job = `load-${Date.now()}`;
  const failed: string[] = [];
  const [from, done] = [Date.now(), { value: false }];
  let [pushes, slowestMs] = [0, 0];
  const going = (async () => {
    while (!done.value) {
      const values = Array.from({ length: 10 }, (_, index) => [
        `${Date.now() * 1_000_000 + index}`,
        `push ${pushes}, ${index}`,
      ]);
      const body = JSON.stringify({ streams: [{ stream: { job }, values }] });
      const started = Date.now();
      const answer = await fetch(`${LOKI}/push`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      }).catch(String);
      if (typeof answer === "string" || answer.status !== 204)
        failed.push(typeof answer === "string" ? answer : `${answer.status}`);
      slowestMs = Math.max(slowestMs, Date.now() - started);
      pushes += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  return {
    async end() {
      done.value = true;
      await going;
      return { pushes, failed, slowestMs };
    },
    /** How many pushes Loki has as a whole. */
    async stored(): Promise<number> {
      const times = new Map<string, number>();
      for (let start = BigInt(from) * 1_000_000n; ; ) {
        const answer = await fetch(
          `${LOKI}/query_range?${new URLSearchParams({ query: `{job="${job}"}`, start: `${start}`, limit: "5000", direction: "forward" })}`,
        );
        const { data } = (await answer.json()) as { data: { result: { values: [string, string][] }[] } };
        const values = data.result.flatMap((stream) => stream.values);
        for (const [, line] of values) {
          const push = line.split(",")[0] ?? "";
          times.set(push, (times.get(push) ?? 0) + 1);
        }
        const last = values.at(-1);
        if (values.length < 5000 || !last) return [...times.values()].filter((count) => count >= 10).length;
        start = BigInt(last[0]);
      }
    },
  };
}
