import t from "tap";
import { differences } from "../faults/manifest.ts";
import { hostManifest } from "../support/host-manifest.ts";
import { type Ended, INVENTORY, lab, onHost, program, site, stepsOf, takeLab } from "../support/lab.ts";
import { noLab } from "../support/stand.ts";

t.setTimeout(45 * 60_000);

const retire = (...args: readonly string[]): Promise<Ended> =>
  program("npx", "zx", "playbooks/retire.mts", "-i", INVENTORY, ...args);
const linesOf = ({ stdout }: Ended, word: string) =>
  stdout
    .split("\n")
    .flatMap((line) => (line.split(/ {2,}/)[1] === word ? [line.replace(/^\S+ +(would )?\w+ +/, "")] : []));
/** Of a run: what its recap says that no role describes any more. */
const orphans = ({ stdout }: Ended) => [...stdout.matchAll(/No role describes any more[^"\n]*/g)].join("\n");

t.test("a host that is retired is as it was found, but for what is listed", { skip: noLab }, async (t) => {
  // Nothing of another test is to be on it.
  await lab("down");
  await takeLab(t);
  const before = new Map<string, readonly string[]>();
  for (const host of ["app-prod", "mon"]) before.set(host, await hostManifest(host));
  const changed = async (host: string) => differences(before.get(host) ?? [], await hostManifest(host));
  const first = await site();
  t.equal(first.code, 0, first.stderr);
  t.equal(orphans(first), "");
  const again = await site();
  t.same(
    [...again.results.values()].map(({ host, changed, execs }) => ({ host, changed, execs })),
    // Facts are remembered, so one exec asks all.
    ["mon", "app-dev", "app-prod"].map((host) => ({ host, changed: 0, execs: 1 })),
    "nobody is asked more where nothing is left over",
  );

  await t.test("check mode says the same, and changes nothing", async (t) => {
    const made = await changed("app-prod");
    t.ok(made.length > 30, `${made.length} differences`);
    const said = await retire("app-prod", "--check");
    t.equal(said.code, 0, said.stderr);
    t.match(said.stdout, /would be removed, \d+ left; nothing was changed/);
    t.same(await changed("app-prod"), made);
  });

  await t.test("an application's host", async (t) => {
    const checked = await retire("app-prod", "--check");
    const done = await retire("app-prod");
    t.equal(done.code, 0, `${done.stdout}${done.stderr}`);
    t.same(linesOf(done, "removed"), linesOf(checked, "would remove"));
    t.same(linesOf(done, "left"), ["folder /var/lib/promtail: data; --with-data removes it too"]);
    t.match(done.stdout, /the journal and all that runs noted here are gone too/);
    t.match(done.stdout, /^Next: take app-prod out of the inventory, then run playbooks\/site\.mts /m);
    t.same(
      (await changed("app-prod")).filter((line) => !/ \/var\/lib\/promtail(\/|$)/.test(line)),
      [],
      "all else is as it was",
    );
    t.match((await retire("app-prod")).stdout, "nothing is noted here as made by a run");
  });

  await t.test("a service that was switched off", async (t) => {
    const off = ["-e", "process_exporter=false"];
    const said = await site(...off);
    t.equal(said.code, 0, said.stderr);
    t.match(orphans(said), /targets\/dev_process_metrics\.yml\. To remove it: .*retire\.mts mon --orphans/);
    t.match(orphans(said), /group process_exporter.* To remove it: npx zx playbooks\/retire\.mts app-dev --orphans/);
    const done = await retire("app-dev", "mon", "--orphans", ...off);
    t.equal(done.code, 0, `${done.stdout}${done.stderr}`);
    t.same(linesOf(done, "left"), []);
    t.match(linesOf(done, "removed"), ["unit process_exporter.service"]);
    t.equal(
      await onHost("app-dev", "ls /opt /usr/local/bin /etc/systemd/system | grep -c process_exporter || :"),
      "0\n",
    );
    const after = await site(...off);
    t.equal(orphans(after), "");
    t.same(stepsOf(after, "app-dev", "applied"), []);
  });

  await t.test("the monitoring host", async (t) => {
    const done = await retire("mon");
    t.equal(done.code, 0, `${done.stdout}${done.stderr}`);
    t.same(linesOf(done, "left").toSorted(), [
      "folder /etc/cni, which packages brought: it holds what packages left (net.d): data; --with-data removes it too",
      "folder /var/lib/containerd, which packages brought: it holds what packages left (io.containerd.content.v1.content io.containerd.metadata.v1.bolt io.containerd.runtime.v1.linux): data; --with-data removes it too",
      ...["grafana", "loki", "prometheus", "tempo"].map(
        (name) => `volume monitoring_${name}-data: data; --with-data removes it too`,
      ),
    ]);
    // The lab's disk for Docker was there before; its volumes are in it.
    const left = / \/(etc\/cni|var\/lib\/(containerd|docker))(\/|$)/;
    t.same(
      (await changed("mon")).filter((line) => !left.test(line)),
      [],
      "all else is as it was",
    );
    for (const name of ["grafana", "loki", "prometheus", "tempo"])
      t.match(
        await onHost("mon", `ls /var/lib/docker/volumes/monitoring_${name}-data/_data`),
        /./,
        "the data are there",
      );
  });
});
