import t from "tap";
import { eventually, LAB, lab, labAddress, onHost, program, site, stepsOf, takeLab } from "../support/lab.ts";
import { noLab } from "../support/stand.ts";

// Cold, the lab builds an emulated arm64 base image: minutes, not seconds.
t.setTimeout(45 * 60_000);

const HOSTS = ["mon", "app-dev", "app-prod"];

interface Target {
  readonly health: string;
  readonly labels: Readonly<Record<string, string>>;
}

const prometheus = async (path: string): Promise<unknown> =>
  JSON.parse(await onHost("mon", `curl -sf '127.0.0.1:9090/api/v1/${path}'`));
const targets = async () => ((await prometheus("targets")) as { data: { activeTargets: Target[] } }).data.activeTargets;
const JOBS = ["dev_app_metrics", "dev_os_metrics", "dev_process_metrics", "prod_app_metrics", "prod_os_metrics"];
const areUp = (all: readonly Target[]) =>
  JOBS.every((job) => all.some(({ labels, health }) => labels.job === job && health === "up"));

interface Stream {
  readonly stream: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [string, string])[];
}

/** What Loki has for this selector. */
async function streams(selector: string): Promise<readonly Stream[]> {
  const query = `curl -sfG ${labAddress("mon")}:8080/loki/api/v1/query_range --data-urlencode 'query=${selector}' -d limit=50`;
  return (JSON.parse(await onHost("mon", query)) as { data: { result: readonly Stream[] } }).data.result;
}

t.test("the site, on a lab of real hosts", { skip: noLab }, async (t) => {
  await lab("down");
  await takeLab(t);

  await t.test("check mode on hosts that have nothing lists what it would do and changes nothing", async (t) => {
    const first = await site("--check");
    t.equal(first.code, 0);
    for (const host of HOSTS) t.ok((first.results.get(host)?.changed ?? 0) > 10, host);
    const second = await site("--check");
    for (const host of HOSTS) t.same(stepsOf(second, host, "planned"), stepsOf(first, host, "planned"));
    t.equal(
      await onHost("mon", "test ! -e /var/lib/hostwright && command -v docker >/dev/null || echo nothing"),
      "nothing\n",
    );
  });

  await t.test("one command converges all of it", async (t) => {
    const run = await site();
    t.equal(run.code, 0, run.stderr);
    t.match(
      [...run.results.values()].map(({ failure }) => failure),
      [undefined, undefined, undefined],
    );
    t.match(run.results.get("mon")?.notes, [/^Grafana: http/]);
  });

  await t.test("each service answers through its published port", async (t) => {
    const mon = labAddress("mon");
    for (const url of [`${mon}/api/health`, `${mon}:8080/ready`, "127.0.0.1:9090/-/ready", "127.0.0.1:3200/ready"]) {
      await t.resolves(onHost("mon", `curl -sf ${url}`), url);
    }
    await t.rejects(
      onHost("mon", "curl -sf -m 5 127.0.0.1:8080/ready"),
      "published on the private address, not on all",
    );
    await t.resolves(onHost("app-dev", `curl -sf http://${labAddress("mon")}:8080/ready`), "Loki, from an app host");
    await t.rejects(
      onHost("app-dev", `curl -sf -m 5 http://${labAddress("mon")}:9090/-/ready`),
      "Prometheus is not published outside",
    );
  });

  await t.test("node_exporter has a port below 1024 as a user of its own, where only root may have one", async (t) => {
    const said = await onHost(
      "app-dev",
      "cat /proc/sys/net/ipv4/ip_unprivileged_port_start; systemctl show --value -p User node_exporter; ss -ltn 2>/dev/null | grep -c ':443 '",
    );
    t.equal(said, "1024\nnode_exporter\n1\n");
  });

  await t.test("Prometheus scrapes the jobs of all environments, with real arm64 data", async (t) => {
    const all = await eventually("all jobs up", 120, targets, areUp);
    for (const job of JOBS) {
      t.match(
        all.filter(({ labels }) => labels.job === job),
        [{ labels: { environment: job.split("_")[0] } }],
      );
    }
    const { data } = (await prometheus("query?query=node_uname_info")) as {
      data: { result: { metric: { host: string; machine: string } }[] };
    };
    const machines = Object.fromEntries(data.result.map(({ metric }) => [metric.host, metric.machine]));
    const own = (await onHost("app-prod", "uname -m")).trim();
    t.same(machines, { "app-dev": "aarch64", "app-prod": own });
  });

  await t.test("multi-line log events arrive whole, labelled by environment and host", async (t) => {
    const answer = await eventually(
      "log events",
      60,
      () => streams('{environment="dev",host="app-dev"}'),
      (all) => all.length > 0,
    );
    const entries = answer.flatMap(({ values }) => values.map(([, text]) => text));
    t.ok(
      entries.some((entry) => entry.startsWith("{\n") && JSON.parse(entry)),
      "an event of many lines is one entry",
    );
    t.same(
      entries.filter((entry) => /^\s+[{}"]/.test(entry)),
      [],
      "no entry starts in the middle of an event",
    );
  });

  await t.test("Grafana's dashboards have a mark where the first run was, with what it changed", async (t) => {
    const { annotations } = JSON.parse(await onHost("mon", "cat /opt/monitoring/grafana/dashboards/overview.json"));
    const [mark, ...others] = await streams(annotations.list[0].expr);
    t.match(mark?.stream, {
      playbook: "playbooks/site.mts",
      outcome: "changed",
      duration_seconds: /^\d+\.\d$/,
      changes: /^\d\d+$/,
    });
    t.match(mark?.values[0]?.[1], /^playbooks\/site\.mts by .+: changed, [\d.]+ s, run \w+\nmon: \d+ changed: /);
    t.same(others, []);
  });

  await t.test("a second run changes nothing, in one exec a host", async (t) => {
    const run = await site();
    t.equal(run.code, 0);
    for (const host of HOSTS)
      t.match(run.results.get(host), { changed: 0, handlers: [], failure: undefined, execs: 1 }, host);
  });

  await t.test("drift is named exactly, repaired exactly, and then gone", async (t) => {
    await onHost(
      "app-dev",
      "systemctl stop promtail && sed -i 's/batchwait: .*/batchwait: 9s/' /etc/promtail/config.yaml && rm /usr/local/bin/node_exporter",
    );
    const drifted = ["file /etc/promtail/config.yaml", "release /usr/local/bin/node_exporter", "unit promtail.service"];
    const check = await site("--check", "--diff");
    t.same([...stepsOf(check, "app-dev", "planned")].sort(), drifted);
    t.match(JSON.stringify(check.events), /batchwait: 9s/);
    t.match(check.results.get("mon"), { changed: 0 });
    t.equal(
      await onHost("app-dev", "systemctl is-active promtail || test ! -e /usr/local/bin/node_exporter && echo as-left"),
      "inactive\nas-left\n",
    );
    const repair = await site();
    t.same([...stepsOf(repair, "app-dev", "applied")].sort(), drifted);
    t.match(repair.results.get("app-prod"), { changed: 0 });
    t.match((await site()).results.get("app-dev"), { changed: 0 });
  });

  await t.test(
    "a rebuilt host is refused until it is said to be rebuilt, then converges and is scraped again",
    async (t) => {
      await lab("rebuild", "app-prod");
      const refused = await site();
      t.equal(refused.code, 4);
      t.match(refused.results.get("app-prod")?.failure, {
        kind: "unreachable",
        message: /changed/,
        hint: /--rebuilt app-prod/,
      });
      t.match(refused.results.get("app-dev"), { changed: 0, failure: undefined });
      const rebuilt = await site("--rebuilt", "app-prod");
      t.equal(rebuilt.code, 0, rebuilt.stderr);
      t.ok((rebuilt.results.get("app-prod")?.changed ?? 0) > 10);
      t.equal((await site()).code, 0, "the new key is pinned");
      await eventually("all jobs up", 120, targets, areUp);
    },
  );

  await t.test("every service comes back by itself when its host restarts", async (t) => {
    for (const host of ["mon", "app-dev"]) await program("docker", "restart", `hostwright-${LAB}-${host}`);
    await eventually("all jobs up", 240, targets, areUp);
    const run = await eventually(
      "in sync",
      120,
      () => site(),
      ({ code }) => code === 0,
    );
    t.match(run.results.get("mon"), { changed: 0 });
    t.match(run.results.get("app-dev"), { changed: 0 });
  });
});

t.test("an unreachable host is one clear line and exit 4, in under 15 seconds", async (t) => {
  const { code, stdout, stderr } = await program(
    "npx",
    "zx",
    "playbooks/site.mts",
    "-i",
    "inventory/prod.yml",
    "--limit",
    "app",
    "--json",
  );
  t.equal(code, 4);
  // By the run's own clock: how long a busy machine takes to start it is another matter.
  const finished = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  t.ok(finished.durationMs < 15_000, `${finished.durationMs} ms`);
  t.equal(stderr.split("\n").filter((line) => /^UNREACHABLE/.test(line)).length, 1);
});
