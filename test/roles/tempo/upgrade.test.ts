import { spawnSync } from "node:child_process";
import t from "tap";
import type { HostVars, Script } from "../../../engine/index.ts";
import { fakeDocker } from "../fake-docker.ts";
import { desiredOf, monitoringPlan } from "../plans.ts";

interface Gate {
  readonly unless: Script;
  readonly run: Script;
}

t.test("Tempo's data is not taken over by another major unless that was said; nothing is asked then", async (t) => {
  const gate = (vars: HostVars["vars"]) => desiredOf<Gate>(monitoringPlan(vars).resources, "data of another major");
  t.equal(gate({ tempo_upgrade_confirmed: "3" }).unless.text, ":");
  t.match(gate({}).run.text, /set tempo_upgrade_confirmed: "3"/);
  const down = gate({ tempo_image: "grafana/tempo:2.10.8", tempo_upgrade_confirmed: "3" });
  t.not(down.unless.text, ":");
  t.match(down.run.text, /Tempo 2 cannot read what Tempo 3 wrote/);
});

for (const { image, wanted, status } of [
  { image: "", wanted: "grafana/tempo:3.0.3", status: 0 },
  { image: "grafana/tempo:3.1.0@sha256:abc", wanted: "grafana/tempo:3.0.3", status: 0 },
  { image: "registry:5000/grafana/tempo:2.10.8", wanted: "grafana/tempo:3.0.3", status: 1 },
  { image: "grafana/tempo:3.0.3", wanted: "grafana/tempo:2.10.8", status: 1 },
  { image: "grafana/tempo:2.9.0", wanted: "grafana/tempo:2.10.8", status: 0 },
]) {
  t.test(`${image || "no container"}, wanted ${wanted}: ${status === 0 ? "goes on" : "stops"}`, async (t) => {
    const { unless, run } = desiredOf<Gate>(monitoringPlan({ tempo_image: wanted }).resources, "data of another major");
    // Compose gives the name; a container of another name is found by its labels.
    for (const name of ["monitoring-tempo-1", "monitoring_tempo_1"]) {
      const env = fakeDocker(t.testdir(), image, name);
      for (const script of [unless, run]) {
        const done = spawnSync("sh", ["-eu"], { input: `( ${script.text}\n)`, env, encoding: "utf8" });
        t.equal(done.status, status, done.stderr);
      }
    }
  });
}
