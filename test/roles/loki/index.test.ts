import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import t from "tap";
import { file, type HostVars, type Resource, type Script, sh } from "../../../engine/index.ts";
import { monitoring } from "../../../roles/monitoring/index.ts";
import { marked } from "../../../roles/marker.ts";
import { checkedBy } from "../../../roles/validate.ts";
import { dataOf, monitoringFacts, monitoringHost, siteOf, textOf } from "../site.ts";

const loki = "/opt/monitoring/loki/loki.yaml";
const tempo = "/opt/monitoring/tempo/tempo.yaml";

/** What the resource of which the id begins so wants. */
function desiredOf<T>(all: readonly Resource[], start: string): T {
  const found = all.find(({ id }) => id.startsWith(start));
  if (!found) throw new Error(`found no ${start}`);
  return found.desired as T;
}

interface Gate {
  readonly unless: Script;
  readonly run: Script;
}

function resources(vars: HostVars["vars"] = {}) {
  const site = siteOf([monitoringHost(vars)]);
  const reading = monitoring.plan(site.host, monitoringFacts, site);
  if ("errors" in reading) throw new Error(JSON.stringify(reading.errors));
  return reading.value.resources;
}

t.test("a mark is two minutes and a fraction that no other content has, written as Go prints it", async (t) => {
  const marks = ["", "a", "b", "retention: 1h", "é"].map((text) => marked((mark) => `${text}${mark}`));
  for (const { mark, content } of marks) {
    t.match(mark, /^2m0\.\d{8}[1-9]s$/);
    t.ok(content.toString().endsWith(mark));
  }
  t.equal(new Set(marks.map(({ mark }) => mark)).size, marks.length);
  t.equal(marked((mark) => `same ${mark}`).mark, marked((mark) => `same ${mark}`).mark);
});

t.test("Loki and Tempo are asked for the mark that is in their file", async (t) => {
  const all = resources();
  for (const [id, path, url] of [
    ["Loki runs its configuration", loki, "http://192.0.2.10:8080/config"],
    ["Tempo runs its configuration", tempo, "http://127.0.0.1:3200/status/config"],
  ] as const) {
    const { server } = dataOf(all, path) as unknown as { server: { http_server_idle_timeout: string } };
    t.match(all.find((resource) => resource.id === id)?.desired, { url, contains: server.http_server_idle_timeout });
  }
});

t.test("another major of Tempo gets its own configuration, memory limit and no health check", async (t) => {
  const two = resources({ tempo_image: "grafana/tempo:2.10.8", tempo_retention_hours: 48 });
  t.match(dataOf(two, tempo), { compactor: { compaction: { block_retention: "48h" } }, ingester: {} });
  t.notOk("live_store" in dataOf(two, tempo) || "memory" in dataOf(two, tempo));
  const three = resources({ tempo_retention_hours: 48 });
  t.match(dataOf(three, tempo), { memory: { automemlimit_enabled: true }, backend_worker: {}, live_store: {} });
  t.notOk("ingester" in dataOf(three, tempo) || "compactor" in dataOf(three, tempo));
  const compose = (all: typeof two) => String(desiredOf<{ content: string }>(all, "monitoring").content);
  t.match(compose(two), /GOMEMLIMIT: "256MiB"/);
  t.equal([...compose(two).matchAll(/healthcheck:/g)].length, [...compose(three).matchAll(/healthcheck:/g)].length - 1);
});

t.test("Tempo's data is not taken over by another major unless that was said; nothing is asked then", async (t) => {
  const gate = (vars: HostVars["vars"]) => desiredOf<Gate>(resources(vars), "data of another major");
  t.equal(gate({ tempo_upgrade_confirmed: "3" }).unless.text, ":");
  t.match(gate({}).run.text, /set tempo_upgrade_confirmed: "3"/);
  const down = gate({ tempo_image: "grafana/tempo:2.10.8", tempo_upgrade_confirmed: "3" });
  t.not(down.unless.text, ":");
  t.match(down.run.text, /Tempo 2 cannot read what Tempo 3 wrote/);
});

/** A host whose docker says this of Tempo's container and accepts files without the word "broken". */
function fakeDocker(dir: string, image: string): NodeJS.ProcessEnv {
  writeFileSync(
    `${dir}/docker`,
    `#!/bin/sh
    echo "$*" >>${dir}/calls
    case $1 in
      ps) ${image === "" ? ":" : "echo id"} ;;
      inspect) echo '${image}' ;;
      image) [ -e ${dir}/pulled ] ;;
      pull) : >${dir}/pulled ;;
      run) path=$(printf '%s\\n' "$*" | sed 's/.*--volume \\([^: ]*\\):.staged.*/\\1/')
        if grep -n broken "$path" >&2; then exit 1; fi ;;
    esac
`,
  );
  chmodSync(`${dir}/docker`, 0o755);
  return { ...process.env, PATH: `${dir}:${process.env.PATH}` };
}

for (const { image, wanted, status } of [
  { image: "", wanted: "grafana/tempo:3.0.3", status: 0 },
  { image: "grafana/tempo:3.1.0@sha256:abc", wanted: "grafana/tempo:3.0.3", status: 0 },
  { image: "registry:5000/grafana/tempo:2.10.8", wanted: "grafana/tempo:3.0.3", status: 1 },
  { image: "grafana/tempo:3.0.3", wanted: "grafana/tempo:2.10.8", status: 1 },
  { image: "grafana/tempo:2.9.0", wanted: "grafana/tempo:2.10.8", status: 0 },
]) {
  t.test(`${image || "no container"}, wanted ${wanted}: ${status === 0 ? "goes on" : "stops"}`, async (t) => {
    const { unless, run } = desiredOf<Gate>(resources({ tempo_image: wanted }), "data of another major");
    const env = fakeDocker(t.testdir(), image);
    for (const script of [unless, run]) {
      const done = spawnSync("sh", ["-eu"], { input: `( ${script.text}\n)`, env, encoding: "utf8" });
      t.equal(done.status, status, done.stderr);
    }
  });
}

t.test("a file that its image refuses never replaces the one that runs; the image is pulled once", async (t) => {
  const dir = t.testdir({ "live.yml": "good\n" });
  const env = fakeDocker(dir, "");
  const args = (path: string) => [`-config.file=${path}`, "-verify-config"];
  const apply = (content: string) => {
    const owner = String(process.getuid?.());
    const validate = checkedBy({ image: "grafana/loki:3.4.1", args, name: "loki.yaml" });
    const resource = file({ path: `${dir}/live.yml`, content, owner, validate });
    const { script } = resource.kind.step(resource, [{ field: "content" }]);
    return spawnSync("sh", [], { input: sh`( set -eu; ${script} )`.text, env, encoding: "utf8" });
  };
  const refused = apply("ok\nbroken: here\n");
  t.match(refused, { status: 1, stderr: "2:broken: here\n" });
  t.equal(readFileSync(`${dir}/live.yml`, "utf8"), "good\n");
  t.equal(apply("better\n").status, 0);
  t.equal(readFileSync(`${dir}/live.yml`, "utf8"), "better\n");
  const calls = readFileSync(`${dir}/calls`, "utf8").split("\n");
  t.equal(calls.filter((call) => call.startsWith("pull")).length, 1);
  t.match(
    calls.find((call) => call.startsWith("run")),
    /^run --rm --network none .*:\/staged\/loki\.yaml:ro grafana\/loki:3\.4\.1 -config\.file=\/staged\/loki\.yaml -verify-config$/,
  );
  t.ok(existsSync(`${dir}/pulled`));
});

t.test("the limits of both are those of the budget", async (t) => {
  t.match(textOf(resources(), loki), /replay_memory_ceiling: "128MB"/);
  t.match(dataOf(resources(), tempo), { live_store: { max_live_traces_bytes: 50_000_000 } });
});
