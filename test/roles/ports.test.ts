import t from "tap";
import { VarError } from "../../engine/index.ts";
import { app } from "../../roles/app/index.ts";
import { appFacts, appHost, monitoringHost, siteOf } from "./site.ts";

/** The app role on a host that is the monitoring host as well. */
function planBoth(vars: Readonly<Record<string, unknown>>) {
  const both = appHost("one", "prod", { ...monitoringHost().vars, host: "192.0.2.10", ...vars });
  const site = siteOf([{ ...both, groups: ["app", "monitoring"] }]);
  return app.plan(site.host, appFacts, site);
}

t.test("a host that is both has each port once", async (t) => {
  t.throws(
    () => planBoth({}),
    new VarError("app_metrics_port", {
      found: "that loki_port and app_metrics_port are both 8080",
      expected: "two: one host has each port once",
    }),
  );
  t.throws(
    () => planBoth({ app_metrics_port: 8081, node_exporter_port: 443 }),
    /otlp_grpc_port and node_exporter_port are both 443/,
  );
  t.ok("value" in planBoth({ app_metrics_port: 8081 }));
});
