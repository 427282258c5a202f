import t, { type Test } from "tap";
import type { RunEvent } from "../../engine/run/event.ts";
import { bench, pinned } from "../support/bench.ts";
import { type Container, machineImage, startContainer } from "../support/container.ts";
import { eventually } from "../support/lab.ts";
import { runFile } from "../support/program.ts";
import { loginKey } from "../support/spoiled.ts";
import { noLab } from "../support/stand.ts";

t.setTimeout(20 * 60_000);

const NAMES = ["app-1", "app-2", "app-3"];

/** Takes two seconds to start, reads its settings from its environment file, and is not well with one of them. */
const SERVICE = `#!/usr/bin/perl
use IO::Socket::INET;
$| = 1;
sleep 2;
my $well = ($ENV{DB_TRACING_ENABLE} // "") ne "true";
print $well ? "ready\\n" : "no driver accepts jdbc:p6spy\\n";
my $server = IO::Socket::INET->new(LocalPort => 8081, Listen => 5, ReuseAddr => 1) or die "no port: $!";
while (my $client = $server->accept) {
  while (<$client>) { last if /^\\r?$/ }
  print $client $well ? "HTTP/1.0 200 OK\\r\\n\\r\\nUP" : "HTTP/1.0 503 Unwell\\r\\n\\r\\ndb DOWN";
  close $client;
}
`;

const UNIT = `[Service]
User=ops
EnvironmentFile=/home/ops/app/.env
ExecStart=/usr/local/bin/app

[Install]
WantedBy=multi-user.target
`;

const OLD =
  "JAVA_OPTS=-Xmx1g\\nTRACING_ENABLE=false\\nTEMPO_GRPC_LISTENER_URL=http://192.0.2.9:4317\\nDB_TRACING_ENABLE=false\\n";

const SPOIL = `cat >/usr/local/bin/app <<'END'
${SERVICE}END
cat >/etc/systemd/system/app.service <<'END'
${UNIT}END
chmod 0755 /usr/local/bin/app
mkdir -p /home/ops/app/logs; printf '${OLD}' >/home/ops/app/.env
chmod 0640 /home/ops/app/.env; chown -R ops: /home/ops/app
mkdir -p /etc/systemd/system/multi-user.target.wants
ln -s ../app.service /etc/systemd/system/multi-user.target.wants/app.service`;

const VARS = {
  app_service: "app.service",
  app_metrics_port: 8081,
  app_health_timeout: 8,
  app_user: "ops",
  app_group: "ops",
  app_logs: "/home/ops/app/logs/*.log",
  app_env_file: "/home/ops/app/.env",
  environment: "dev",
};

// A bare machine has no curl before the first run.
const HEALTH = `bash -c 'exec 3<>/dev/tcp/127.0.0.1/8081 && printf "GET /healthcheck HTTP/1.0\\r\\n\\r\\n" >&3 && head -n 1 <&3 | cut -c 10-12' 2>/dev/null || :`;

interface Site {
  readonly hosts: ReadonlyMap<string, Container>;
  run(...args: readonly string[]): Promise<{ code: number | null; all: string; events: readonly RunEvent[] }>;
}

async function threeHosts(t: Test): Promise<Site> {
  const [image, key] = [await machineImage(), loginKey(t)];
  const hosts = new Map<string, Container>();
  for (const name of NAMES)
    hosts.set(name, await startContainer(t, image, { publicKey: `${key}.pub`, spoil: SPOIL, systemd: true }));
  const vars = [...hosts].map(([name, { port }]) => [
    name,
    { host: "127.0.0.1", port, user: "ops", key, address: "192.0.2.20", ...VARS },
  ]);
  const pins = [...hosts.values()].map(({ port, keys }) => pinned(`[127.0.0.1]:${port}`, keys)).join("");
  const groups = { monitoring: ["mon"], app: NAMES };
  const one = bench(t, { mon: { host: "192.0.2.10" }, ...Object.fromEntries(vars) }, { pins, groups });
  for (const host of hosts.values())
    await eventually(
      "well",
      60,
      () => host.run(HEALTH),
      (code) => code === "200\n",
    );
  return {
    hosts,
    async run(...args) {
      const { code, stdout, stderr } = await runFile("test/fixtures/rollout.mts", [...one.args, "--json", ...args], {
        env: { SSH_AUTH_SOCK: "" },
      });
      const events = stdout
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .map((line): RunEvent => JSON.parse(line));
      return { code, all: `${stdout}${stderr}`, events };
    },
  };
}

const onEach = ({ hosts }: Site, line: string) => Promise.all([...hosts.values()].map((host) => host.run(line)));
const invocations = (site: Site) => onEach(site, "systemctl show --value -p InvocationID app.service");
const settings = (site: Site) => onEach(site, "stat -c '%U %a' /home/ops/app/.env; cat /home/ops/app/.env");

/** When the service of each host was last stopped, and when it was ready again. */
async function windows(site: Site): Promise<readonly (readonly [number, number])[]> {
  const said = await onEach(site, "journalctl -q --no-pager -u app.service -o short-unix");
  return said.map((text) => {
    const last = (word: string) =>
      Number(
        text
          .split("\n")
          .findLast((line) => line.includes(word))
          ?.split(" ")[0],
      );
    return [last("Stopping"), last("ready")] as const;
  });
}

t.test("the restart of the application is a deployment", { skip: noLab }, async (t) => {
  const site = await threeHosts(t);

  await t.test("a broken setting: one host tries it, is as it was, and no other is touched", async (t) => {
    const [before, started] = [await settings(site), await invocations(site)];
    const { code, all, events } = await site.run("-e", "db_tracing_enable=true");
    t.equal(code, 2, all);
    t.same(await settings(site), before, "all have their old settings, with owner and mode");
    const after = await invocations(site);
    t.not(after[0], started[0], "the first was restarted");
    t.same(after.slice(1), started.slice(1), "the others run on as if nothing had been");
    t.same(await onEach(site, HEALTH), ["200\n", "200\n", "200\n"]);
    const finished = events.find((event) => event.kind === "finished");
    t.match(finished?.results[0]?.failure, {
      handler: "app: restart the application",
      stderr: /HTTP 503 after 8 s, wanted HTTP 200; the body begins: db DOWN\n/,
      rollback: { resources: [{ type: "env-file", id: "/home/ops/app/.env" }], left: [], works: true },
    });
    t.match(
      finished?.results[0]?.failure?.stderr,
      /app\.service was restarted and is not healthy: .*ActiveState=active /,
    );
    t.match(finished?.results[0]?.failure?.stderr, /no driver accepts jdbc:p6spy/, "its journal");
    t.match(
      events.find(({ kind }) => kind === "stopped"),
      { reason: "app-1 failed in its turn", hosts: [], waiting: ["app-2", "app-3"] },
    );
  });

  await t.test("a good one: host after host, each when the one before is well", async (t) => {
    const { code, all } = await site.run();
    t.equal(code, 0, all);
    const times = await windows(site);
    times.forEach(([stopped, ready], index) => {
      t.ok(ready > stopped, `${NAMES[index]} was down and came back: ${stopped}, ${ready}`);
      t.ok(index === 0 || stopped > (times[index - 1]?.[1] ?? 0), `${NAMES[index]} waited for the one before`);
    });
    for (const text of await settings(site))
      t.match(
        text,
        /^ops 640\nJAVA_OPTS=-Xmx1g\nTRACING_ENABLE=false\nTEMPO_GRPC_LISTENER_URL=http:\/\/192\.0\.2\.10:443\n/,
      );
  });

  await t.test("again: nothing is restarted, in one exec a host", async (t) => {
    const { code, events } = await site.run();
    t.equal(code, 0);
    const finished = events.find((event) => event.kind === "finished");
    t.match(
      finished?.results.map(({ execs, changed }) => [execs, changed]),
      NAMES.map(() => [1, 0]),
    );
  });

  await t.test("a host whose application does not run gets its settings, and is not started", async (t) => {
    const host = site.hosts.get("app-2");
    await host?.run("systemctl stop app.service");
    const { code, all, events } = await site.run("-e", "tracing_enable=true");
    t.equal(code, 0, all);
    t.match(await host?.run("cat /home/ops/app/.env"), /^TRACING_ENABLE=true$/m);
    t.equal(await host?.run("systemctl is-active app.service || :"), "inactive\n");
    const finished = events.find((event) => event.kind === "finished");
    t.match(finished?.results[1]?.notes, [/^app\.service does not run on \w+: it was not restarted/]);
  });
});
