import { readFileSync } from "node:fs";
import t from "tap";
import { app } from "../../../roles/app/index.ts";
import { exposures } from "../../../roles/exposure/exposures.ts";
import { pathsFrom } from "../../../roles/preflight/paths.ts";
import { jobsOf } from "../../../roles/prometheus/scrapes.ts";
import { proofsOf } from "../../../roles/verify/proofs.ts";
import { appFacts, appHost, monitoringHost, namesOf, releases, siteOf, textOf } from "../site.ts";

const ARCHIVE = "process-exporter-0.8.7.linux-arm64.tar.gz";
const locked = { ...releases, [ARCHIVE]: { sha256: "e".repeat(64), source: "upstream" } };
const asked = { process_exporter: true };

function plan(vars: Readonly<Record<string, unknown>>, known = locked) {
  const site = siteOf([appHost("app-1", "dev", vars), monitoringHost()], known);
  const reading = app.plan(site.host, appFacts, site);
  if ("errors" in reading) throw new Error(JSON.stringify(reading.errors));
  return { site, ...reading.value };
}

t.test("it is there for who asks for it only", async (t) => {
  t.notMatch(namesOf(plan({}).resources).join("\n"), /process/);
  t.match(namesOf(plan(asked).resources), [
    "package acl, ca-certificates, curl, unzip",
    ...Array(4).fill(/node_exporter/),
    "group process_exporter",
    "user process_exporter",
    "release /usr/local/bin/process_exporter",
    "unit process_exporter.service",
  ]);
});

t.test("its unit has the port, the names and a limit, and no rights", async (t) => {
  const vars = { ...asked, process_exporter_port: 9999, process_exporter_names: ["java", "nginx"] };
  const unit = textOf(plan(vars).resources, "process_exporter.service");
  t.match(unit, "--web.listen-address=:9999 \\\n    --procnames=java,nginx \\\n");
  t.match(unit, "MemoryMax=64M\n");
  t.match(unit, "CapabilityBoundingSet=\n");
  t.match(unit, "User=process_exporter\n");
});

t.test("an archive without a known hash is wanted, from its own checksum file", async (t) => {
  const { site } = plan(asked);
  t.match(
    app.releases(site.host, appFacts, { ...site, releases: {} }).find(({ file }) => file === ARCHIVE),
    {
      checksumsUrl: "https://github.com/ncabatoff/process-exporter/releases/download/v0.8.7/checksums.txt",
    },
  );
});

t.test("whoever folds over the services has it by itself", async (t) => {
  const { site } = plan(asked);
  const port = exposures(site).find(({ what }) => what === "process_exporter");
  t.match(port, {
    host: "app-1",
    port: 9256,
    because: "process_exporter_port: 9256 (the role's default)",
    isOpen: true,
  });
  const seen = siteOf([monitoringHost(), site.host]);
  t.match(
    pathsFrom(seen).find(({ what }) => what === "process_exporter"),
    { to: "app-1", port: 9256 },
  );
  t.match(
    jobsOf(seen).find(({ name }) => name === "dev_process_metrics"),
    { targets: [{ host: "app-1", target: "app-1.example.internal:9256" }] },
  );
  const occasion = { id: "abc", traceId: "0".repeat(32), nowMs: 1_795_000_000_000 };
  t.ok(proofsOf(site, occasion).some(({ name }) => name === "process metrics"));
  t.match(readFileSync("docs/vars.md", "utf8"), "process_exporter_names");
});
