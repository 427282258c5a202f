import t from "tap";
import type { HostVars } from "../../engine/index.ts";
import { exposures } from "../../roles/exposure/exposures.ts";
import { compare, exposureText } from "../../roles/exposure/text.ts";
import { appHost, monitoringHost, siteOf } from "./site.ts";

const site = (vars: HostVars["vars"] = {}, appVars: HostVars["vars"] = {}) =>
  siteOf([monitoringHost(vars), appHost("dev-1", "dev", appVars)]);
const of = (vars: HostVars["vars"] = {}) => exposures(site(vars)).filter(({ host }) => host === "mon");

t.test("what lets in everyone is what the inventory, or a default, names: Loki's push and OTLP", async (t) => {
  const open = of().filter(({ isOpen }) => isOpen);
  t.same(
    open.map(({ port, because }) => `${port} ${because}`),
    ["8080 loki_port: 8080 (the role's default)", "443 otlp_grpc_port: 443 (the role's default)"],
  );
  t.match(of({ loki_port: 3100 }).find(({ port }) => port === 3100)?.because, "loki_port: 3100");
});

t.test("Prometheus and Tempo's query port are reached by the host itself", async (t) => {
  t.same(
    of()
      .filter(({ reach }) => reach === "host")
      .map(({ port }) => port)
      .sort(),
    [3200, 9090],
  );
});

t.test("with a gateway only 80 and 443 of the monitoring host are open, and nothing lets in everyone", async (t) => {
  const outside = of({ gateway: true }).filter(({ reach }) => reach !== "host");
  t.same(
    outside.map(({ port, tls }) => [port, tls]),
    [
      [80, false],
      [443, true],
    ],
  );
  t.same(
    outside.filter(({ isOpen }) => isOpen),
    [],
  );
});

t.test("an address of its own is reached by whoever reaches that", async (t) => {
  const loki = of({ publish_address: "10.0.0.5" }).find(({ port }) => port === 8080);
  t.match(loki, { reach: "address", address: "10.0.0.5", isOpen: true });
});

t.test("the list says what to do, and what a firewall on the host does not", async (t) => {
  const text = exposureText(exposures(site()), undefined);
  t.match(text, /^4 ports let in everyone/m);
  t.match(text, /set gateway: true/);
  t.match(text, /mon:80 takes passwords without TLS/);
  t.match(text, /ufw hides no published port/);
  t.match(text, /app metrics|application's metrics at \/prometheus-provider/);
});

t.test("what listens besides is named, and what does not yet", async (t) => {
  const listeners = [
    { address: "0.0.0.0", port: 22, holder: "sshd (pid 1)" },
    { address: "::", port: 22, holder: "sshd (pid 1)" },
    { address: "127.0.0.1", port: 631, holder: "cupsd (pid 2)" },
    { address: "0.0.0.0", port: 80, holder: "docker-proxy (pid 3)" },
  ];
  const found = compare("mon", exposures(site()), { listeners, published: new Set([8080]) });
  t.same(
    found.others.map(({ holder }) => holder),
    ["sshd (pid 1)"],
  );
  t.same(found.missing.map(({ port }) => port).sort(), [3200, 443, 9090]);
});

t.test("vars that do not fit are named with their host", async (t) => {
  t.throws(() => exposures(site({ loki_port: "x" })), /host mon: loki_port must be integer/);
});

t.test("node_exporter with TLS lets in Prometheus only", async (t) => {
  const found = exposures(site({}, { node_exporter_tls: true, metrics_password: "read" }));
  t.match(
    found.find(({ what }) => what === "node_exporter"),
    { tls: true, isOpen: false },
  );
});
