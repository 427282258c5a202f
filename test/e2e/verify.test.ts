import { readFileSync } from "node:fs";
import t from "tap";
import type { Finding, RunEvent } from "../../engine/run/event.ts";
import { INVENTORY, LAB, lab, onHost, program, site, writeInventory } from "../support/lab.ts";
import { noLab } from "../support/stand.ts";

// It brings the tests' lab up and converges it where that has not happened yet.
t.setTimeout(45 * 60_000);

interface Proof {
  readonly code: number;
  readonly stderr: string;
  findings(host: string): readonly Finding[];
}

async function verify(...args: readonly string[]): Promise<Proof> {
  const inventory = ["-i", INVENTORY];
  const { code, stdout, stderr } = await program("npx", "zx", "playbooks/verify.mts", ...inventory, "--json", ...args);
  const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
  const events = lines.map((line): RunEvent => JSON.parse(line));
  const found = events.flatMap((event) => (event.kind === "found" ? [event] : []));
  const findings = (host: string) => found.filter((event) => event.host === host).map(({ finding }) => finding);
  return { code, stderr, findings };
}

const containers = { loki: "logs", prometheus: "host metrics", grafana: "logs", tempo: "traces by HTTP" };
const faults = [
  {
    host: "app-dev",
    stop: "systemctl stop promtail",
    start: "systemctl start promtail",
    name: "logs",
    text: /promtail\.service on app-dev is inactive/,
  },
  {
    host: "app-dev",
    stop: "systemctl stop node_exporter",
    start: "systemctl start node_exporter",
    name: "host metrics",
    text: /node_exporter\.service on app-dev is inactive/,
  },
  ...Object.entries(containers).map(([service, name]) => ({
    host: "mon",
    stop: `docker stop monitoring-${service}-1`,
    start: `docker start monitoring-${service}-1`,
    name,
    text: new RegExp(`the container of ${service} on mon does not run: exited`),
  })),
];

t.test("the proof, on a lab of real hosts", { skip: noLab }, async (t) => {
  await lab("up");
  if (!process.env.HOSTWRIGHT_TEST_KEEP) t.teardown(() => lab("down"));
  writeInventory();
  const converged = await site("--verify");
  t.equal(converged.code, 0, converged.stderr);
  t.ok(
    converged.events.some(({ kind }) => kind === "found"),
    "the last play of the whole job proves it",
  );

  await t.test("everything works, and what stand-ins cannot prove is said", async (t) => {
    const { code, findings, stderr } = await verify();
    const served = JSON.parse(readFileSync(`.lab/${LAB}/releases.lock.json`, "utf8"));
    const hasStandIn = "app-prod: fittoring.service" in served;
    t.equal(code, 0, stderr);
    for (const host of ["app-dev", "app-prod"]) {
      const works = findings(host).filter(({ outcome }) => outcome === "works");
      t.same(works.map(({ name }) => name).sort(), [
        "application metrics",
        // Of a real application: app-dev's is a stand-in, and app-prod's is one without Maven Central.
        ...(host === "app-prod" && !hasStandIn ? ["application traces"] : []),
        ...["host metrics", "logs", "metrics path"],
        // For who asks for it.
        ...(host === "app-dev" ? ["process metrics"] : []),
        ...["service graph", "traces by HTTP", "traces by gRPC"],
      ]);
      t.ok(works.filter(({ name }) => name !== "metrics path").every(({ durationMs = 0 }) => durationMs > 0));
    }
    t.match(
      stderr,
      /^Not proven, that upstream's own programs do the same as those of mon: .*grafana\/tempo:\S+ \(lab: stand-in\)/m,
    );
    t.equal(
      await onHost("app-dev", "ls /home/ubuntu/fittoring/logs | grep -c verify || :"),
      "0\n",
      "nothing is left behind",
    );
  });

  for (const { host, stop, start, name, text } of faults) {
    await t.test(`after "${stop}" it names the hop`, async (t) => {
      await onHost(host, stop);
      const { code, findings } = await verify("--limit", "app-dev").finally(() => onHost(host, start));
      t.equal(code, 2);
      const broken = findings("app-dev").find((finding) => finding.name === name);
      t.match(broken, { outcome: "broken", text, hint: /.+/ });
    });
  }

  await t.test("and when all is started again, it works again", async (t) => {
    t.equal((await verify()).code, 0);
  });
});
