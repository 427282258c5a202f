import t from "tap";
import { pushUrl } from "../../../roles/loki/push.ts";
import { appHost, monitoringHost, siteOf } from "../site.ts";

t.test("the push URL follows the monitoring host's address and port", async (t) => {
  const url = (vars = {}) => pushUrl(siteOf([appHost("app-1", "dev"), monitoringHost(vars)]));
  t.equal(url(), "http://192.0.2.10:8080/loki/api/v1/push");
  t.equal(url({ address: "mon.internal", loki_port: 3100 }), "http://mon.internal:3100/loki/api/v1/push");
});

t.test("without a monitoring host there is nowhere to push", async (t) => {
  t.throws(() => pushUrl(siteOf([appHost("a", "dev")])), /group monitoring: found none, expected exactly one host/);
});
