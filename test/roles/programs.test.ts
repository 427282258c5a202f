import t from "tap";
import type { HostVars, ReleaseDesired } from "../../engine/index.ts";
import { app } from "../../roles/app/index.ts";
import { appPlan, desiredOf } from "./plans.ts";
import { appFacts, appHost, monitoringHost, releases, siteOf } from "./site.ts";

const releasesOf = ({ resources }: ReturnType<typeof appPlan>) =>
  resources.filter(({ kind }) => kind.name === "release").map(({ desired }) => desired);

for (const { machine, zip, tar, hash } of [
  { machine: "aarch64", zip: "promtail-linux-arm64.zip", tar: "node_exporter-1.9.1.linux-arm64", hash: /^848f1399/ },
  { machine: "x86_64", zip: "promtail-linux-amd64.zip", tar: "node_exporter-1.9.1.linux-amd64", hash: /^becb950e/ },
]) {
  t.test(`a ${machine} host gets ${zip} and ${tar}`, async (t) => {
    t.match(releasesOf(appPlan({}, { facts: { ...appFacts, machine } })), [
      {
        url: `https://github.com/prometheus/node_exporter/releases/download/v1.9.1/${tar}.tar.gz`,
        sha256: hash,
        files: { [`${tar}/node_exporter`]: "node_exporter" },
        links: { "/usr/local/bin/node_exporter": "node_exporter" },
      },
      {
        url: `https://github.com/grafana/loki/releases/download/v3.4.1/${zip}`,
        sha256: releases[zip]?.sha256 ?? "",
        files: { [zip.replace(".zip", "")]: "promtail" },
      },
    ]);
  });
}

t.test("a machine that nothing is released for is refused", async (t) => {
  t.throws(() => appPlan({}, { facts: { ...appFacts, machine: "riscv64" } }), /riscv64/);
});

t.test("the lock file wins over a pin; an archive that neither knows is refused", async (t) => {
  const name = "node_exporter-1.9.1.linux-arm64.tar.gz";
  const locked = { ...releases, [name]: { sha256: "c".repeat(64), source: "lab: Debian binary" } };
  t.match(releasesOf(appPlan({}, { locked }))[0], { sha256: "c".repeat(64) });
  t.equal(appPlan({}, { locked }).notes[0], `${name} is lab: Debian binary`);
  t.throws(() => appPlan({}, { locked: {} }), /release promtail-linux-arm64\.zip: found no sha256/);
});

/** What a host of this machine type wants to know, on a site with a monitoring host or without. */
function wanted(vars: HostVars["vars"], machine = "aarch64", others = [monitoringHost()]) {
  const host = appHost("app-1", "dev", vars);
  return app.releases(host, { ...appFacts, machine }, siteOf([host, ...others]));
}

t.test("hashes are looked up for the host's own architecture of what has no pin", async (t) => {
  const checksumsUrl = "https://github.com/grafana/loki/releases/download/v3.4.1/SHA256SUMS";
  const hosts = ["release-assets.githubusercontent.com", "objects.githubusercontent.com"];
  t.same(wanted({}), [{ file: "promtail-linux-arm64.zip", checksumsUrl, hosts }]);
  t.same(wanted({}, "x86_64"), [{ file: "promtail-linux-amd64.zip", checksumsUrl, hosts }]);
  t.match(
    wanted({ node_exporter_version: "1.10.2" }).find(({ file }) => file.startsWith("node_exporter")),
    { file: "node_exporter-1.10.2.linux-arm64.tar.gz", checksumsUrl: /\/v1\.10\.2\/sha256sums\.txt$/ },
  );
  t.same(wanted({}, "aarch64", []), [], "no agent without a monitoring host");
});

t.test("with a mirror nobody else is asked for a hash, and one that was read upstream holds", async (t) => {
  const release_mirror = "http://192.0.2.2/releases";
  t.same(wanted({ release_mirror }), [
    {
      file: "promtail-linux-arm64.zip",
      checksumsUrl: "http://192.0.2.2/releases/SHA256SUMS#3.4.1",
      alsoFrom: ["https://github.com/grafana/loki/releases/download/v3.4.1/SHA256SUMS"],
      hosts: [],
    },
  ]);
});

t.test(
  "archives of GitHub come from GitHub's hosts, those of a mirror from its own, and both from what is allowed",
  async (t) => {
    const hostsOf = (vars: HostVars["vars"]) =>
      releasesOf(appPlan(vars)).map((desired) => (desired as ReleaseDesired).hosts);
    const github = ["release-assets.githubusercontent.com", "objects.githubusercontent.com"];
    const release_hosts = ["files.example.com"];
    const release_mirror = "http://192.0.2.2/releases";
    t.same(hostsOf({}), [github, github]);
    t.same(hostsOf({ release_hosts }), Array(2).fill([...github, ...release_hosts]));
    t.same(hostsOf({ release_mirror }), [[], []]);
    t.same(hostsOf({ release_mirror, release_hosts }), [release_hosts, release_hosts]);
  },
);

t.test("a mirror serves the archives under their upstream names", async (t) => {
  t.match(releasesOf(appPlan({ release_mirror: "http://192.0.2.2/releases" })), [
    { url: "http://192.0.2.2/releases/node_exporter-1.9.1.linux-arm64.tar.gz" },
    { url: "http://192.0.2.2/releases/promtail-linux-arm64.zip" },
  ]);
});

t.test("programs run as users of their own, with nothing they do not need", async (t) => {
  const { resources } = appPlan();
  for (const [name, after] of [
    ["promtail", "network.target dbus.service"],
    ["node_exporter", "network-online.target"],
  ] as const) {
    const { content } = desiredOf<{ content: string }>(resources, `${name}.service`);
    for (const line of [
      `User=${name}`,
      "NoNewPrivileges=true",
      "ProtectSystem=strict",
      "ProtectHome=read-only",
      "CapabilityBoundingSet=",
      "Restart=always",
      `After=${after}`,
    ])
      t.ok(content.split("\n").includes(line), `${name}: ${line}`);
    t.match(content, /^MemoryMax=\d+M$/m, name);
    t.match(content, /^TimeoutStopSec=\d+s$/m, name);
    const user = resources.find(({ kind, id }) => kind.name === "user" && id === name);
    t.match(user?.desired, { system: true, shell: "/usr/sbin/nologin" });
  }
});

t.test("a restart follows a change of the configuration or of the program, not a new link to it", async (t) => {
  t.match(desiredOf(appPlan().resources, "promtail.service"), {
    config: ["/etc/promtail/config.yaml", "/opt/promtail/3.4.1/promtail"],
  });
});
