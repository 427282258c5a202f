import t from "tap";
import { otlpUrl } from "../../../roles/tempo/push.ts";
import { appHost, monitoringHost, siteOf } from "../site.ts";

t.test("the endpoint of traces follows the monitoring host's address and port", async (t) => {
  const url = (vars = {}) => otlpUrl(siteOf([appHost("app-1", "dev"), monitoringHost(vars)]));
  t.equal(url(), "http://192.0.2.10:443");
  t.equal(url({ address: "mon.internal", otlp_grpc_port: 4317 }), "http://mon.internal:4317");
});

t.test("two monitoring hosts are one too many", async (t) => {
  const two = siteOf([monitoringHost(), { ...monitoringHost(), name: "mon-2" }]);
  t.throws(() => otlpUrl(two), /found mon, mon-2, expected exactly one/);
});
