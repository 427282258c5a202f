import t, { type Test } from "tap";
import { labAddress, onHost, playbook, type SiteRun, site, stepsOf, takeLab } from "../support/lab.ts";
import { publish } from "../support/release.ts";
import { noLab } from "../support/stand.ts";

// It brings the tests' lab up and converges it where that has not happened yet.
t.setTimeout(45 * 60_000);

const APP = "app-prod";

/** Without the checks before a run, which would find a port that is taken. */
const ROLE = "test/fixtures/app-role.mts";

/** Both are said: what broke, and that the old state serves. */
function wentBack(
  t: Test,
  run: SiteRun,
  host: string,
  about: { readonly step: string; readonly undone: RegExp },
): void {
  t.equal(run.code, 2);
  const { failure } = run.results.get(host) ?? {};
  t.match(failure?.message, about.step);
  t.match(failure?.rollback, { works: true, left: [] });
  t.match(failure?.rollback?.resources.map(({ type, id }) => `${type} ${id}`).join(" "), about.undone);
  t.match(failure?.hint, "works with its old state");
}

t.test("what does not come up goes back, and the old state serves", { skip: noLab }, async (t) => {
  await takeLab(t);
  const first = await site();
  t.equal(first.code, 0, first.stderr);

  /** One by one: all hold again afterwards. */
  const inSync = async (t: Test, host: string) => {
    const run = await site("--limit", host);
    t.same(stepsOf(run, host, "planned"), [], "as it was");
    t.equal(run.code, 0);
  };

  await t.test("a Promtail whose configuration is valid, and that exits with it: the port is taken", async (t) => {
    await occupy(t, 9099);
    const run = await playbook(ROLE, "--limit", APP, "-e", "promtail_port=9099");
    wentBack(t, run, APP, { step: "unit promtail.service", undone: /file \/etc\/promtail/ });
    t.equal((await onHost(APP, "curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:9080/ready")).trim(), "200");
  });

  await t.test("a port of node_exporter that is taken", async (t) => {
    await occupy(t, 9099);
    const run = await playbook(ROLE, "--limit", APP, "-e", "node_exporter_port=9099");
    wentBack(t, run, APP, { step: "unit node_exporter.service", undone: /unit node_exporter/ });
    t.match(await onHost(APP, "curl -s http://127.0.0.1:9100/metrics"), "node_uname_info");
  });

  await t.test("a version of node_exporter that crashes", async (t) => {
    publish(t, "1.9.9", "#!/bin/sh\necho 'panic: no collectors' >&2\nexit 2\n");
    const before = await onHost(APP, "readlink /usr/local/bin/node_exporter");
    const run = await playbook(ROLE, "--limit", APP, "-e", "node_exporter_version=1.9.9");
    wentBack(t, run, APP, { step: "unit node_exporter.service", undone: /release \/usr\/local\/bin\/node_exporter/ });
    t.equal(await onHost(APP, "readlink /usr/local/bin/node_exporter"), before);
    t.match(await onHost(APP, "curl -s http://127.0.0.1:9100/metrics"), "node_uname_info");
  });
  await inSync(t, APP);

  await t.test("an image of Loki that never gets ready", async (t) => {
    // Its own program, which says that the configuration is fine, and exits.
    const image = "grafana/loki:3.4.9";
    await onHost(
      "mon",
      `docker create --name broken grafana/loki:3.4.1 >/dev/null &&
      docker commit --change 'ENTRYPOINT ["/usr/bin/loki", "-verify-config"]' broken ${image} && docker rm broken`,
    );
    const run = await site("--limit", "mon", "-e", `loki_image=${image}`);
    wentBack(t, run, "mon", { step: "compose monitoring", undone: /compose monitoring/ });
    t.equal((await onHost("mon", `curl -s http://${labAddress("mon")}:8080/ready`)).trim(), "ready");
  });

  await t.test("a Grafana that does not start", async (t) => {
    const run = await site("--limit", "mon", "-e", "grafana_image=grafana/tempo:3.0.3");
    wentBack(t, run, "mon", { step: "compose monitoring", undone: /compose monitoring/ });
    t.match(await onHost("mon", `curl -s http://${labAddress("mon")}/api/health`), /"database": ?"ok"/);
  });
  await inSync(t, "mon");
});

/** Another program has this port for as long as the test takes. */
async function occupy(t: Test, port: number): Promise<void> {
  const listen = "use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => shift, Listen => 1) or die; sleep";
  await onHost(APP, `systemd-run -q --unit=occupied perl -e '${listen}' ${port}`);
  t.teardown(() => onHost(APP, "systemctl stop occupied"));
}
