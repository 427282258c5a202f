import t from "tap";
import type { HostVars } from "../../../engine/index.ts";
import { gatewayOf, gatewayUrl } from "../../../roles/gateway/site.ts";
import { pushUrl } from "../../../roles/loki/push.ts";
import { otlpUrl } from "../../../roles/tempo/push.ts";
import { appHost, monitoringHost, siteOf } from "../site.ts";

const site = (vars: HostVars["vars"]) =>
  siteOf([monitoringHost({ gateway: true, ...vars }), appHost("dev-1", "dev"), appHost("prod-1", "prod")]);

t.test("app hosts push to the gateway, by its domain if it has one", async (t) => {
  t.equal(pushUrl(site({})), "https://192.0.2.10/loki/api/v1/push");
  t.equal(otlpUrl(site({})), "https://192.0.2.10:443");
  t.equal(pushUrl(site({ gateway_domain: "mon.example.com" })), "https://mon.example.com/loki/api/v1/push");
});

t.test(
  "who has no gateway, or no monitoring host, has none; its own CA is one that nobody trusts unless told",
  async (t) => {
    t.equal(gatewayOf(site({ gateway: false })), undefined);
    t.equal(gatewayUrl(site({ gateway: false })), undefined);
    t.equal(gatewayOf(siteOf([appHost("a", "dev")])), undefined);
    t.same(gatewayOf(site({})), { name: "192.0.2.10", ownCa: true });
    t.equal(gatewayUrl(site({ address: "2001:db8::1" })), "https://[2001:db8::1]");
    const acme = { gateway_domain: "mon.example.com", gateway_acme_email: "ops@example.com" };
    t.same(gatewayOf(site(acme)), { name: "mon.example.com", ownCa: false });
  },
);
