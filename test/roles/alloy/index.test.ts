import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import t, { type Test } from "tap";
import type { HostVars, Resource } from "../../../engine/index.ts";
import { toAlloy, toPromtail } from "../../../roles/log-agent/handover.ts";
import { app } from "../../../roles/app/index.ts";
import { apply, plan as planIn } from "../../support/converges.ts";
import { shells } from "../../support/shells.ts";
import { appFacts, appHost, monitoringHost, namesOf, releases, siteOf, textOf } from "../site.ts";

// No Alloy could be had here, nor a stand-in for it: its configuration is looked at as text, its positions as upstream writes them.

const locked = { ...releases, "alloy-linux-arm64.zip": { sha256: "d".repeat(64), source: "upstream" } };

function plan(vars: HostVars["vars"] = {}) {
  const site = siteOf([appHost("app-1", "dev", { log_agent: "alloy", ...vars }), monitoringHost()], locked);
  const reading = app.plan(site.host, appFacts, site);
  if ("errors" in reading) throw new Error(JSON.stringify(reading.errors));
  return reading.value;
}

t.test("Promtail is stopped, its positions are taken over, and only then Alloy is started", async (t) => {
  const names = namesOf(plan().resources);
  const order = ["unit promtail.service", "command Alloy knows what Promtail has shipped", "unit alloy.service"];
  t.same(
    names.filter((name) => order.includes(name)),
    order,
  );
  const stopped = plan().resources.find(({ id }) => id === "promtail.service");
  t.match(stopped?.desired, { enabled: false, running: false });
  t.notOk(
    names.some((name) => /\/etc\/promtail|release .*promtail/.test(name)),
    "nothing else of Promtail is held",
  );
});

t.test("Alloy's configuration retries for ever, takes over positions and labels as Promtail's does", async (t) => {
  const text = textOf(plan().resources, "/etc/alloy/config.alloy");
  for (const line of [
    /^ {4}max_backoff_retries = 0$/m,
    /^ {2}legacy_positions_file = "\/var\/lib\/alloy\/promtail-positions\.yaml"$/m,
    /^ {4}url {12}= "http:\/\/192\.0\.2\.10:8080\/loki\/api\/v1\/push"$/m,
    /^ {4}environment = "dev",$/m,
    /^ {4}host {8}= "app-1",$/m,
    /^ {4}__path_exclude__ = "\/home\/ubuntu\/fittoring\/logs\/\{\*20\[0-9]/m,
  ])
    t.match(text, line);
  t.ok(text.includes(String.raw`firstline     = "^\\{|^No mapping for "`), "a backslash is written twice");
  t.ok(text.includes(String.raw`selector = "{job=\"fittoring_logs\"} |~ \"^\\\\{\""`), "LogQL within an Alloy string");
});

t.test("no value can end its string or add to the configuration", async (t) => {
  const text = textOf(
    plan({ log_first_line: '"\n}\nlocal.file "x" { filename = "/etc/shadow" }' }).resources,
    "/etc/alloy/config.alloy",
  );
  t.notMatch(text, /^local\.file "x"/m);
  t.equal((text.match(/^}/gm) ?? []).length, 5, "five blocks, as ever");
});

t.test("Alloy runs as a user of its own, as hardened as Promtail, and listens on the host itself only", async (t) => {
  const text = textOf(plan({ alloy_memory_mb: 200 }).resources, "alloy.service");
  const promtail = textOf(plan({ log_agent: "promtail", promtail_memory_mb: 200 }).resources, "promtail.service");
  const own = /^(Description|Documentation|User|Group|ExecStart|StateDirectory)=/;
  const others = (unit: string) => unit.split("\n").filter((line) => !own.test(line));
  t.same(others(text), others(promtail));
  t.match(text, /^User=alloy$/m);
  t.match(text, /--server\.http\.listen-addr=127\.0\.0\.1:12345 --disable-reporting \/etc\/alloy\/config\.alloy$/m);
});

t.test("the archive is checked by the lock file's hash: there is no pin to invent", async (t) => {
  const release = plan().resources.find(({ id }) => id === "/usr/local/bin/alloy");
  t.match(release?.desired, {
    url: "https://github.com/grafana/alloy/releases/download/v1.20.1/alloy-linux-arm64.zip",
    sha256: "d".repeat(64),
    files: { "alloy-linux-arm64": "alloy" },
  });
  const host = appHost("a", "dev", { log_agent: "alloy" });
  t.same(
    app.releases(host, appFacts, siteOf([host, monitoringHost()])).map(({ file }) => file),
    ["alloy-linux-arm64.zip"],
  );
});

t.test("an end of life is told of Promtail, not of Alloy", async (t) => {
  t.notMatch(plan().notes.join("\n"), /promtail/i);
});

t.test("two programs on one port are refused, of Alloy as well", async (t) => {
  t.throws(() => plan({ alloy_port: 9100 }), /node_exporter_port and alloy_port are both 9100/);
});

/** Commands only: units need systemd. */
const commands = (resources: readonly Resource[]) => resources.filter(({ kind }) => kind.name === "command");

/** Programs that the scripts call, without other users and without systemd. */
const stubs = { runuser: '#!/bin/sh\nshift 3\nexec "$@"\n', systemctl: "#!/bin/sh\nexit 3\n" };

function useStubs(t: Test, bin: string): void {
  for (const name of Object.keys(stubs)) chmodSync(`${bin}/${name}`, 0o755);
  const { PATH } = process.env;
  process.env.PATH = `${bin}:${PATH}`;
  t.teardown(() => {
    process.env.PATH = PATH;
  });
}

const promtailPositions = 'positions:\n  /home/ubuntu/fittoring/logs/app.log: "1200"\n';
const alloyPositions = `positions:
  ? path: /home/ubuntu/fittoring/logs/app.log
    labels: '{filename="/home/ubuntu/fittoring/logs/app.log", job="fittoring_logs"}'
  : "3400"
  ? path: /home/ubuntu/fittoring/logs/a b.log
    labels: '{job="fittoring_logs"}'
  : "7"
`;

for (const shell of shells) {
  t.test(`positions go over to Alloy and back, each time once (${shell[0]})`, async (t) => {
    const dir = t.testdir({ bin: stubs, promtail: { "positions.yaml": promtailPositions }, alloy: {} });
    useStubs(t, `${dir}/bin`);
    const folders = { promtail: `${dir}/promtail`, alloy: `${dir}/alloy` };
    const own = `${dir}/alloy/data/loki.source.file.application/positions.yml`;
    const there = commands(toAlloy(folders));
    const back = commands(toPromtail(folders));
    const go = (resources: readonly Resource[]) => {
      const steps = planIn(shell, resources);
      apply(shell, steps);
      t.same(planIn(shell, resources), [], "done once");
      return steps.length;
    };
    t.equal(planIn(shell, back).length, 0, "nothing comes back where Alloy never ran");
    t.equal(go(there), 1);
    t.equal(readFileSync(`${dir}/alloy/promtail-positions.yaml`, "utf8"), promtailPositions);
    mkdirSync(`${dir}/alloy/data/loki.source.file.application`, { recursive: true });
    writeFileSync(own, alloyPositions);
    t.equal(planIn(shell, there).length, 0, "Alloy goes on with its own");
    t.equal(go(back), 1);
    t.equal(
      readFileSync(`${dir}/promtail/positions.yaml`, "utf8"),
      'positions:\n  /home/ubuntu/fittoring/logs/app.log: "3400"\n  /home/ubuntu/fittoring/logs/a b.log: "7"\n',
    );
    t.equal(go(there), 1, "and over again");
    t.throws(() => readFileSync(own), "Alloy's older positions are out of the way");
  });
}
