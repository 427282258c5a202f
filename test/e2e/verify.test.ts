import { readFileSync } from "node:fs";
import t from "tap";
import type { Finding, RunEvent } from "../../engine/run/event.ts";
import { INVENTORY, LAB, onHost, program, site, takeLab } from "../support/lab.ts";
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

/** What is stopped together, and what the proofs then say: each names its own hop, whatever else stands still. */
const faults: readonly { host: string; command: string; broken: Readonly<Record<string, RegExp>> }[] = [
  {
    host: "app-dev",
    command: "systemctl VERB promtail node_exporter",
    broken: {
      logs: /promtail\.service on app-dev is inactive/,
      "host metrics": /node_exporter\.service on app-dev is inactive/,
    },
  },
  {
    host: "mon",
    command: "docker VERB monitoring-loki-1 monitoring-prometheus-1 monitoring-tempo-1",
    broken: {
      logs: /the container of loki on mon does not run: exited/,
      "host metrics": /the container of prometheus on mon does not run: exited/,
      "traces by HTTP": /the container of tempo on mon does not run: exited/,
    },
  },
  {
    host: "mon",
    command: "docker VERB monitoring-grafana-1",
    broken: { logs: /the container of grafana on mon does not run: exited/ },
  },
];

t.test("the proof, on a lab of real hosts", { skip: noLab }, async (t) => {
  await takeLab(t);
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

  for (const { host, command, broken } of faults) {
    const stop = command.replace("VERB", "stop");
    await t.test(`after "${stop}" it names the hop`, async (t) => {
      await onHost(host, stop);
      const start = () => onHost(host, command.replace("VERB", "start"));
      const { code, findings } = await verify("--limit", "app-dev").finally(start);
      t.equal(code, 2);
      for (const [name, text] of Object.entries(broken))
        t.match(
          findings("app-dev").find((finding) => finding.name === name),
          { outcome: "broken", text, hint: /.+/ },
        );
    });
  }

  await t.test("and when all is started again, it works again", async (t) => {
    t.equal((await verify()).code, 0);
  });
});
