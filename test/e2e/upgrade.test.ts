import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import t, { type Test } from "tap";
import { eventually, LAB, onHost, site, takeLab } from "../support/lab.ts";
import { publish } from "../support/release.ts";
import { noLab } from "../support/stand.ts";

// It brings the tests' lab up and converges it where that has not happened yet.
t.setTimeout(45 * 60_000);

const APP = "app-prod";
const [OLD, NEW] = ["prom/prometheus:v3.13.4", "prom/prometheus:v3.13.9"];

/** The text of a plan, or of a run. */
async function run(t: Test, code: number, ...args: readonly string[]): Promise<string> {
  const ended = await site(...args);
  t.equal(ended.code, code, ended.stderr);
  return ended.stderr;
}

t.test("a component is upgraded and downgraded by its pin, and its data stay", { skip: noLab }, async (t) => {
  await takeLab(t);
  await run(t, 0);

  await t.test("node_exporter: the plan says from which version to which, and both ways are made", async (t) => {
    republish(t, "1.9.8");
    const pin = ["--limit", APP, "-e", "node_exporter_version=1.9.8"];
    const link = async () => (await onHost(APP, "readlink /usr/local/bin/node_exporter")).trim();
    const before = await link();
    t.match(
      await run(t, 0, ...pin, "--check"),
      /would change +release \/usr\/local\/bin\/node_exporter {2}version 1\.9\.1 → 1\.9\.8/,
    );
    t.equal(await link(), before);
    t.match(await run(t, 0, ...pin), /changed +release .* version 1\.9\.1 → 1\.9\.8/);
    t.match(await link(), "1.9.8");
    t.match(await onHost(APP, "curl -s http://127.0.0.1:9100/metrics"), "node_uname_info");
    t.match(await run(t, 0, "--limit", APP), /changed +release .* version 1\.9\.8 → 1\.9\.1/);
    t.equal(await link(), before);
    t.match(await onHost(APP, "curl -s http://127.0.0.1:9100/metrics"), "node_uname_info");
  });

  await t.test("Prometheus: what was measured before is there after each of them", async (t) => {
    const measuredAt = async (at: number) => {
      const query = "sum by (job) (count_over_time(up[10m]))";
      const line = `curl -sfG http://127.0.0.1:9090/api/v1/query --data-urlencode 'query=${query}' -d time=${at}`;
      return JSON.stringify(JSON.parse(await onHost("mon", line)).data.result);
    };
    const clock = async () => Number((await onHost("mon", "date +%s")).trim());
    await eventually(
      "something was measured",
      60,
      async () => measuredAt(await clock()),
      (text) => text !== "[]",
    );
    const at = await clock();
    const measured = () => measuredAt(at);
    const before = await measured();
    const running = () => onHost("mon", "docker inspect -f '{{.Config.Image}}' monitoring-prometheus-1");
    await onHost(
      "mon",
      `docker create --name newer ${OLD} >/dev/null && docker commit --change 'LABEL newer=yes' newer ${NEW} && docker rm newer`,
    );
    t.teardown(() => onHost("mon", `docker rmi -f ${NEW} ${NEW}-broken >/dev/null 2>&1 || :`));
    const pin = ["--limit", "mon", "-e", `prometheus_image=${NEW}`];
    t.match(await run(t, 0, ...pin, "--check"), new RegExp(`image prometheus ${OLD} → ${NEW}`));
    t.match(await running(), OLD);
    t.match(await run(t, 0, ...pin), new RegExp(`image prometheus ${OLD} → ${NEW}`));
    t.match(await running(), NEW);
    t.equal(await measured(), before, "after the upgrade");

    const broken = `${NEW}-broken`;
    await onHost(
      "mon",
      `docker create --name broken ${OLD} >/dev/null && docker commit --change 'ENTRYPOINT ["/bin/false"]' broken ${broken} && docker rm broken`,
    );
    const failed = await run(t, 2, "--limit", "mon", "-e", `prometheus_image=${broken}`);
    t.match(failed, /undone +.*compose monitoring.*: as it was, and works/);
    t.match(await running(), NEW);
    t.equal(await measured(), before, "after a version that does not start");

    t.match(await run(t, 0, "--limit", "mon"), new RegExp(`image prometheus ${NEW} → ${OLD}`));
    t.match(await running(), OLD);
    t.equal(await measured(), before, "after the downgrade");
  });
});

/** The lab's own program under another version. */
function republish(t: Test, version: string): void {
  const stem = "node_exporter-1.9.1.linux-amd64";
  const folder = t.testdir();
  execFileSync("tar", ["-xzf", `.lab/${LAB}/releases/${stem}.tar.gz`, "-C", folder]);
  publish(t, version, readFileSync(`${folder}/${stem}/node_exporter`));
}
