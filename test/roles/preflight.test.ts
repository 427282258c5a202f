import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import t from "tap";
import type { Asker, Facts, Finding, HostVars, Said, Script } from "../../engine/index.ts";
import { clockFinding, pathFinding, portFindings, skewOf } from "../../roles/preflight/findings.ts";
import { askHost, parseHost, parseListener } from "../../roles/preflight/host.ts";
import { ownFindings, preflight } from "../../roles/preflight/index.ts";
import { parsePaths, pathsFrom, type Reached, tryPaths } from "../../roles/preflight/paths.ts";
import { appFacts, appHost, monitoringFacts, monitoringHost, siteOf } from "./site.ts";

const hosts = (vars: HostVars["vars"] = {}) => [monitoringHost(vars), appHost("dev-1", "dev")] as const;

// Printed by a monitoring host (Debian 13) of the lab, with a web server of somebody else's.
const probed = `clock 1795343676
free /opt 70481920
free /var 3481600
memory 21481600
listening
listen 0.0.0.0:8080 users:(("docker-proxy",pid=2308,fd=4))
listen 127.0.0.1:33579 users:(("containerd",pid=1520,fd=8))
listen *:80 users:(("nginx",pid=812,fd=6))
listen [::]:22 users:(("sshd",pid=98,fd=7))
published 0.0.0.0:8080->3100/tcp
published 127.0.0.1:3200->3200/tcp, 0.0.0.0:443->4317/tcp
logs /home/ubuntu/fittoring/logs/app.log
`;

t.test("each host tries what it will use: app hosts push and trace, the monitoring host scrapes", async (t) => {
  const [mon, dev] = hosts();
  t.match(pathsFrom(siteOf([mon, dev])), [
    { to: "dev-1", address: "dev-1.example.internal", port: 9100, what: "node_exporter" },
    { to: "dev-1", port: 8080, url: "http://dev-1.example.internal:8080/prometheus-provider" },
  ]);
  t.match(pathsFrom(siteOf([dev, mon])), [
    { to: "mon", address: "192.0.2.10", port: 443, what: "traces to Tempo" },
    { to: "mon", address: "192.0.2.10", port: 8080, what: "logs to Loki" },
  ]);
  const [gateway] = hosts({ gateway: true, address: "2001:db8::10" });
  t.match(
    pathsFrom(siteOf([dev, gateway])).map(({ address, port }) => `${address} ${port}`),
    ["2001:db8::10 443", "2001:db8::10 443"],
  );
});

t.test("a path is open where somebody listens, and refused where nobody does yet", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const closed = createServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  const { port: free } = closed.address() as { port: number };
  closed.close();
  const paths = [port, free].map((one) => ({ to: "x", address: "127.0.0.1", port: one, what: "test" }));
  const named = { to: "x", address: "nowhere.invalid", port, what: "test" };
  const stdout = await run(tryPaths([...paths, named]));
  server.close();
  t.same(
    parsePaths(stdout, [...paths, named]).map(({ state }) => state),
    ["open", "refused", "unknown-name"],
  );
});

for (const [state, outcome, said] of [
  ["open", "works", /^open/],
  ["refused", "works", /nothing listens there yet/],
  ["filtered", "broken", /filtered: no answer from 192\.0\.2\.10 port 8080 \(security group\?\)/],
  ["unreachable", "broken", /no way to 192\.0\.2\.10 port 8080/],
  ["unknown-name", "broken", /no address for the name/],
  ["untried", "unproven", /neither bash/],
] as const) {
  t.test(`a path that is ${state} is told as ${outcome}`, async (t) => {
    const path = { to: "mon", address: "192.0.2.10", port: 8080, what: "logs to Loki" };
    const finding = pathFinding(path, { state } satisfies Reached, "dev-1");
    t.match(finding, { name: "logs to Loki: mon:8080", outcome });
    t.match(finding.text, said);
    if (outcome === "broken") t.match(finding.hint, /dev-1/);
  });
}

t.test("a metrics path that answers something else is told, and stops nothing", async (t) => {
  const path = { to: "dev-1", address: "192.0.2.21", port: 8080, what: "metrics", url: "http://192.0.2.21:8080/x" };
  t.match(pathFinding(path, { state: "open", status: "404" }, "mon"), { outcome: "unproven", text: /HTTP 404/ });
  t.match(pathFinding(path, { state: "open", status: "200" }, "mon"), { outcome: "works" });
});

t.test("what a host says of itself is read", async (t) => {
  const state = parseHost(probed);
  t.match(state, { clock: 1795343676, availableMemoryKib: 21481600, logs: "/home/ubuntu/fittoring/logs/app.log" });
  t.same([...state.ownPorts], [8080, 3200, 443]);
  t.same(parseListener("[::ffff:127.0.0.1]:9080"), [{ address: "::ffff:127.0.0.1", port: 9080, holder: "" }]);
  t.equal(parseHost("clock 1\n").listeners, undefined);
});

t.test("this machine can be asked", async (t) => {
  const state = parseHost(await run(askHost({ agent: "nobody", pattern: "/nowhere/*.log" })));
  t.ok(Math.abs(state.clock - Date.now() / 1000) < 30);
  t.ok((state.free.get("/var") ?? 0) > 0);
  t.ok((state.availableMemoryKib ?? 0) > 0);
});

t.test("a port that somebody else holds is named, with the var to change; our own services are fine", async (t) => {
  const want = (port: number, setBy: string) => ({
    address: "0.0.0.0",
    port,
    what: setBy,
    setBy,
    tls: false,
    login: undefined,
    holders: [],
  });
  const state = parseHost(probed);
  t.match(portFindings([want(8080, "loki_port"), want(80, "grafana_port")], state), [
    { name: "port 80", outcome: "broken", text: /held by nginx \(pid 812\)/, hint: /grafana_port/ },
  ]);
  t.match(portFindings([want(8080, "loki_port")], state), [{ outcome: "works" }]);
  const long = parseHost('clock 1\nlistening\nlisten *:9256 users:(("process_exporte",pid=7,fd=3))\n');
  const ours = { ...want(9256, "process_exporter_port"), holders: ["process_exporter"] };
  t.match(portFindings([ours], long), [{ outcome: "works" }], "the kernel cuts names at 15 characters");
  const local = { ...want(33579, "x"), address: "127.0.0.2" };
  t.match(portFindings([local], state), [{ outcome: "works" }], "another address of the host is another port");
});

for (const { name, reading, skew } of [
  { name: "within the exec", reading: { clock: 102, asked: 100.5, answered: 103 }, skew: 0 },
  { name: "in the same second", reading: { clock: 100, asked: 100.9, answered: 100.95 }, skew: 0 },
  { name: "ahead", reading: { clock: 200, asked: 100, answered: 101 }, skew: 99 },
  { name: "behind", reading: { clock: 50, asked: 100, answered: 101 }, skew: -49 },
]) {
  t.test(`a clock is compared with when it was asked: ${name}`, async (t) => {
    t.equal(skewOf(reading), skew);
  });
}

t.test("hosts whose clocks differ are broken; all differing alike may be this machine's fault", async (t) => {
  t.match(clockFinding(0, [0, 1]), { outcome: "works", text: "as this machine's" });
  t.match(clockFinding(120, [0]), { outcome: "broken", text: /120 s ahead of this machine's/ });
  t.match(clockFinding(-120, [-119, -121]), { outcome: "unproven", text: /120 s behind this machine's/ });
});

t.test("a new host has to have room; what runs already has taken its own", async (t) => {
  const site = siteOf(hosts());
  const state = parseHost(probed);
  const names = (facts: Facts) => ownFindings(site, state, facts).map(({ name, outcome }) => `${name} ${outcome}`);
  t.same(names(monitoringFacts), ["port 80 broken", "disk broken", "memory works"]);
  t.same(names({ ...monitoringFacts, changedBefore: true }), ["port 80 broken"]);
});

t.test("a host that is too small is told with the sum", async (t) => {
  const tiny = { ...monitoringFacts, memoryBytes: 512 * 1024 ** 2 };
  const found = ownFindings(siteOf(hosts()), parseHost(probed), tiny).find(({ name }) => name === "size");
  t.match(found, { outcome: "broken", text: /512 MB/ });
});

t.test("an app host's log files that the agent may not read are named", async (t) => {
  const [mon, dev] = hosts();
  const found = ownFindings(siteOf([dev, mon]), parseHost(probed), appFacts);
  t.match(found[0], { name: "logs", outcome: "unproven", text: /promtail may not read .*app\.log/ });
});

t.test("a run on hosts that were changed before asks nothing more of them", async (t) => {
  for (const [when, changedBefore, asked] of [
    ["new-hosts", true, 0],
    ["new-hosts", false, 2],
    ["always", true, 2],
  ] as const) {
    const { asker, questions } = fakeAsker(changedBefore);
    await preflight(when, () => 1795343676_500).asks(asker);
    t.equal(questions.length, asked, `${when}, ${changedBefore}`);
  }
});

t.test("a host that cannot be asked fails, and the others are looked at", async (t) => {
  const { asker, found } = fakeAsker(false, "dev-1");
  await preflight("always", () => 1795343676_500).asks(asker);
  t.match(found.get("dev-1"), [{ outcome: "broken", text: "no answer from it" }]);
  t.ok((found.get("mon") ?? []).some(({ name }) => name === "clock"));
});

function fakeAsker(changedBefore: boolean, dead?: string) {
  const [mon, dev] = hosts();
  const questions: string[] = [];
  const found = new Map<string, Finding[]>();
  const asker: Asker = {
    sites: [siteOf([mon, dev]), siteOf([dev, mon])],
    facts: async () => ({ ...monitoringFacts, changedBefore }),
    async ask(host, scripts): Promise<readonly Said[]> {
      if (host === dead) throw new Error("no answer from it");
      questions.push(host);
      return scripts.map((_, index) => ({ status: 0, stdout: index === 0 ? probed : "0 open\n1 open\n", stderr: "" }));
    },
    tell: (host, finding) => void found.set(host, [...(found.get(host) ?? []), finding]),
    note: () => undefined,
    pause: async () => undefined,
  };
  return { asker, questions, found };
}

/** Not `spawnSync`: a server of this process has to answer meanwhile. */
async function run({ text }: Script): Promise<string> {
  const shell = spawnSync("dash", ["-c", ":"]).status === 0 ? "dash" : "sh";
  const child = spawn(shell, ["-s"], { stdio: ["pipe", "pipe", "inherit"] });
  const parts: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => parts.push(part));
  child.stdin.end(`( set -eu\n${text}\n) </dev/null\n`);
  await once(child, "close");
  return Buffer.concat(parts).toString();
}
