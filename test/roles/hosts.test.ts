import t from "tap";
import {
  addressOf,
  endpoint,
  environmentOf,
  environments,
  hasMonitoring,
  monitoringHost as theMonitoringHost,
  varsOfHost,
} from "../../roles/hosts.ts";
import { lokiVars } from "../../roles/loki/vars.ts";
import { appHost, monitoringHost, siteOf } from "./site.ts";

t.test("an address is the var address, else the host that SSH connects to, else the name", async (t) => {
  const vars = { address: "192.0.2.1", host: "203.0.113.1" };
  t.equal(addressOf({ name: "a", groups: [], vars }), "192.0.2.1");
  t.equal(addressOf({ name: "a", groups: [], vars: { host: "203.0.113.1" } }), "203.0.113.1");
  t.equal(addressOf({ name: "a", groups: [], vars: { ansible_host: "203.0.113.2" } }), "203.0.113.2");
  t.equal(addressOf({ name: "a.internal", groups: [], vars: {} }), "a.internal");
});

t.test("an address that only the host itself can reach is refused", async (t) => {
  for (const host of ["localhost", "127.0.0.1", "127.1.2.3", "::1"]) {
    t.throws(() => addressOf({ name: "mon", groups: [], vars: { host } }), /host mon: .*set its var "address"/);
  }
});

t.test("an IPv6 address gets brackets before its port", async (t) => {
  t.equal(endpoint("2001:db8::1", 80), "[2001:db8::1]:80");
});

t.test("no monitoring host, or two, is an error that says so", async (t) => {
  const none = siteOf([appHost("a", "dev")]);
  t.notOk(hasMonitoring(none));
  t.throws(() => theMonitoringHost(none), /group monitoring: found none, expected exactly one host/);
  const two = siteOf([monitoringHost(), { ...monitoringHost(), name: "mon-2" }]);
  t.ok(hasMonitoring(two));
  t.throws(() => theMonitoringHost(two), /found mon, mon-2, expected exactly one/);
});

t.test("app hosts are grouped by environment, in the order in which the inventory names them first", async (t) => {
  const site = siteOf([
    monitoringHost(),
    appHost("dev-1", "dev"),
    appHost("prod-1", "prod"),
    appHost("dev-2", "dev", { address: "192.0.2.22" }),
  ]);
  t.same(
    environments(site).map(({ name, hosts }) => [name, ...hosts.map((host) => host.name)]),
    [
      ["dev", "dev-1", "dev-2"],
      ["prod", "prod-1"],
    ],
  );
  t.same(environments(siteOf([monitoringHost()])), []);
});

t.test("an app host without an environment is named", async (t) => {
  const host = { name: "app-9", groups: ["app"], vars: { host: "192.0.2.9" } };
  t.throws(() => environments(siteOf([monitoringHost(), host])), /host app-9: .*'environment'/);
  t.throws(() => environmentOf(host), /host app-9: .*'environment'/);
});

t.test("of another host those vars are checked that matter here, and what is wrong is of that host", async (t) => {
  const { loki_port } = lokiVars;
  t.same(varsOfHost({ loki_port }, monitoringHost({ tempo_port: "x" })), { loki_port: 8080 });
  t.throws(() => varsOfHost({ loki_port }, monitoringHost({ loki_port: "x" })), /host mon: loki_port must be integer/);
});
