import t from "tap";
import type { HostVars } from "../../../engine/index.ts";
import { nodeExporter } from "../../../roles/node-exporter/index.ts";
import { appPlan, desiredOf } from "../plans.ts";
import { appHost, textOf } from "../site.ts";

const unitOf = (vars: HostVars["vars"] = {}) => textOf(appPlan(vars).resources, "node_exporter.service");

t.test("node_exporter may bind a port below 1024 without root, and only then may it", async (t) => {
  const low = unitOf({ node_exporter_port: 443 });
  t.match(low, /--web\.listen-address=:443 /);
  t.match(low, /^AmbientCapabilities=CAP_NET_BIND_SERVICE\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE$/m);
  t.notMatch(unitOf(), /CAP_NET_BIND_SERVICE/);
});

t.test("node_exporter's patterns reach it with their dollar signs", async (t) => {
  t.match(unitOf(), '"--collector.filesystem.mount-points-exclude=^/(dev|proc|');
  t.match(unitOf(), ')($$|/)"');
});

t.test("another version is another unit file, and so a restart; a new link to the same program is none", async (t) => {
  t.match(desiredOf(appPlan().resources, "node_exporter.service"), {
    config: ["/opt/node_exporter/1.9.1/node_exporter"],
  });
  t.not(unitOf({ node_exporter_version: "1.12.1" }), unitOf());
});

t.test("it is read, over http, where other hosts reach it", async (t) => {
  const host = appHost("dev-1", "dev", { node_exporter_port: 443 });
  t.match(nodeExporter.scraped?.how(host, host), { target: "dev-1.example.internal:443", login: undefined });
  t.equal(nodeExporter.scraped?.ownUrl(host), "http://127.0.0.1:443/metrics");
  t.match(nodeExporter.listens(host), [{ address: "0.0.0.0", port: 443, tls: false, login: undefined }]);
});
