import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compareSync } from "bcryptjs";
import t from "tap";
import { parse } from "yaml";
import { type HostVars, type Resource, reveal, Secret } from "../../../engine/index.ts";
import { app } from "../../../roles/app/index.ts";
import { bcryptHash } from "../../../roles/bcrypt.ts";
import { environments, otlpUrl, pushUrl } from "../../../roles/hosts.ts";
import { monitoring } from "../../../roles/monitoring/index.ts";
import {
  appFacts,
  appHost,
  dataOf,
  filesOf,
  monitoringFacts,
  monitoringHost,
  namesOf,
  siteOf,
  textOf,
} from "../site.ts";

const passwords: Readonly<Record<string, string>> = { dev: "dev's own", prod: "prod's own" };
const caddyfile = "/opt/monitoring/gateway/conf/Caddyfile";
const gateway = { gateway: true };

function apps(vars: HostVars["vars"] = {}): readonly HostVars[] {
  return ["dev", "prod"].map((name) =>
    appHost(`${name}-1`, name, { gateway_password: new Secret(passwords[name] ?? "", "test"), ...vars }),
  );
}

function monitoringPlan(vars: HostVars["vars"] = gateway, others = apps()) {
  const site = siteOf([monitoringHost(vars), ...others]);
  const reading = monitoring.plan(site.host, monitoringFacts, site);
  if ("errors" in reading) throw new Error(JSON.stringify(reading.errors));
  return reading.value;
}

function appResources(vars: HostVars["vars"] = {}, monitoringVars: HostVars["vars"] = gateway): readonly Resource[] {
  const [host] = apps({ gateway_ca: "-----BEGIN CERTIFICATE-----", ...vars });
  const site = siteOf([host as HostVars, monitoringHost(monitoringVars)]);
  const reading = app.plan(site.host, appFacts, site);
  if ("errors" in reading) throw new Error(JSON.stringify(reading.errors));
  return reading.value.resources;
}

function composeOf(resources: readonly Resource[]) {
  const { desired } = resources.find(({ kind }) => kind.name === "compose") as { desired: { content: string } };
  return parse(desired.content, { merge: true }).services;
}

t.test("with a gateway only 80 and 443 are published on an address that others reach", async (t) => {
  const services = composeOf(monitoringPlan().resources);
  const ports = Object.values(services).flatMap((service) => (service as { ports: string[] }).ports);
  t.same(ports.filter((port) => !port.startsWith("127.0.0.1:")).sort(), ["0.0.0.0:443:443", "0.0.0.0:80:80"]);
  t.ok(ports.includes("127.0.0.1:3000:3000") && ports.includes("127.0.0.1:8080:3100"), "for the role's own conditions");
  t.match(services.gateway.image, /^caddy:\d+\.\d+\.\d+/);
  t.match(services.gateway.volumes, ["./gateway/conf:/etc/caddy:ro", "./gateway/data:/data"]);
  t.equal(services.grafana.environment.GF_SERVER_ROOT_URL, "https://192.0.2.10");
});

t.test("without one there is none, and nothing asks for a password", async (t) => {
  const plan = monitoringPlan({}, [appHost("dev-1", "dev")]);
  t.notOk("gateway" in composeOf(plan.resources));
  t.notMatch(namesOf(plan.resources).join("\n"), /gateway/);
});

t.test("Tempo receives OTLP over HTTP for the gateway, and publishes none of it", async (t) => {
  const { resources } = monitoringPlan();
  t.match(dataOf(resources, "/opt/monitoring/tempo/tempo.yaml"), {
    distributor: { receivers: { otlp: { protocols: { http: { endpoint: "0.0.0.0:4318" } } } } },
  });
  t.same(composeOf(resources).tempo.ports, ["127.0.0.1:3200:3200"]);
});

t.test("app hosts push to the gateway, by its domain if it has one", async (t) => {
  const site = (vars: HostVars["vars"]) => siteOf([monitoringHost({ ...gateway, ...vars }), ...apps()]);
  t.equal(pushUrl(site({})), "https://192.0.2.10/loki/api/v1/push");
  t.equal(otlpUrl(site({})), "https://192.0.2.10:443");
  t.equal(pushUrl(site({ gateway_domain: "mon.example.com" })), "https://mon.example.com/loki/api/v1/push");
  t.equal(environments(site({})).length, 2);
});

t.test("each environment is a user, whose password the monitoring host never sees", async (t) => {
  const files = filesOf(monitoringPlan().resources);
  for (const [name, password] of Object.entries(passwords)) {
    const text = files.get(`/opt/monitoring/gateway/conf/users/${name}.caddy`) ?? "";
    const [user = "", hash = ""] = text.trim().split(" ");
    t.equal(user, name);
    t.ok(compareSync(password, hash), name);
    t.notOk(
      [...files.values()].some((content) => content.includes(password)),
      name,
    );
  }
});

t.test(
  "a hash is the same in each run, and another for another place, with no trace of the password in its salt",
  async (t) => {
    const hash = (password: string, place: string) => reveal(bcryptHash(password, place));
    t.equal(hash("a", "dev@gateway"), hash("a", "dev@gateway"));
    t.not(hash("a", "dev@gateway"), hash("a", "prod@gateway"));
    t.equal(hash("a", "x").slice(0, 29), hash("b", "x").slice(0, 29), "the salt is of the place");
    t.throws(() => hash("x".repeat(73), "dev@gateway"), /more than 72 bytes/);
  },
);

t.test("a gateway wants one password of each environment", async (t) => {
  t.throws(() => monitoringPlan(gateway, [appHost("dev-1", "dev")]), /host dev-1: found no gateway_password/);
  const two = [appHost("a", "dev", { gateway_password: "1" }), appHost("b", "dev", { gateway_password: "2" })];
  const file = monitoringPlan(gateway, two).resources.find(({ id }) => id.endsWith("/dev.caddy"));
  t.throws(() => reveal((file as { desired: { content: Secret } }).desired.content), /environment dev: .*different/);
});

t.test("Promtail says who it is, and trusts the gateway's own CA", async (t) => {
  const [client] = dataOf(appResources(), "/etc/promtail/config.yaml").clients as unknown as Record<string, unknown>[];
  t.match(client, {
    url: "https://192.0.2.10/loki/api/v1/push",
    basic_auth: { username: "dev", password_file: "/etc/hostwright/gateway-password" },
    tls_config: { ca_file: "/etc/hostwright/gateway-ca.crt" },
  });
  t.equal(textOf(appResources(), "/etc/hostwright/gateway-password"), passwords.dev);
  const unit = appResources().find(({ id }) => id === "promtail.service");
  t.match((unit as { desired: { config: string[] } }).desired.config.join(" "), /gateway-password.*gateway-ca\.crt/);
});

t.test("a certificate by ACME is one that all trust: none is handed out", async (t) => {
  const acme = { ...gateway, gateway_domain: "mon.example.com", gateway_acme_email: "ops@example.com" };
  t.notMatch(namesOf(appResources({}, acme)).join("\n"), /gateway-ca/);
  const text = textOf(monitoringPlan(acme).resources, caddyfile);
  t.match(text, /email "ops@example.com"/);
  t.notMatch(text, /tls internal/);
  t.match(text, /^"https:\/\/mon\.example\.com" \{$/m);
  t.throws(() => monitoringPlan({ ...gateway, gateway_acme_email: "ops@example.com" }), /needs gateway_domain/);
});

t.test("the application gets what it needs to send traces through the gateway", async (t) => {
  const { desired } = appResources().find(({ kind }) => kind.name === "env-file") ?? {};
  const { entries } = desired as { entries: Record<string, Secret | string> };
  const token = Buffer.from("dev:dev's own").toString("base64");
  t.equal(entries.TEMPO_GRPC_LISTENER_URL, "https://192.0.2.10:443");
  t.equal(reveal(entries.TEMPO_AUTHORIZATION ?? ""), `Basic ${token}`);
  t.equal(reveal(entries.OTEL_EXPORTER_OTLP_HEADERS ?? ""), `Authorization=Basic%20${encodeURIComponent(token)}`);
  t.equal(entries.OTEL_EXPORTER_OTLP_CERTIFICATE, "/etc/hostwright/gateway-ca.crt");
});

t.test("a run that does not know the CA's certificate leaves the one that is there", async (t) => {
  t.match(namesOf(appResources({ gateway_ca: undefined })).join("\n"), /command the gateway's CA is known/);
});

const hasCaddy = spawnSync("caddy", ["version"]).status === 0;

for (const [name, vars] of Object.entries({
  "its own CA": gateway,
  ACME: { ...gateway, gateway_domain: "mon.example.com", gateway_acme_email: "ops@example.com" },
})) {
  t.test(
    `Caddy accepts its configuration with ${name}`,
    { skip: hasCaddy ? false : "caddy is not installed" },
    async (t) => {
      const folder = t.testdir();
      for (const [path, text] of filesOf(monitoringPlan(vars).resources)) {
        if (!path.includes("/gateway/conf/")) continue;
        const here = join(folder, path.replace("/opt/monitoring/gateway/conf", ""));
        mkdirSync(join(here, ".."), { recursive: true });
        writeFileSync(here, text.replaceAll("/etc/caddy", folder));
      }
      const args = ["validate", "--adapter", "caddyfile", "--config", join(folder, "Caddyfile")];
      const { status, stderr } = spawnSync("caddy", args, { env: { ...process.env, HOME: folder }, encoding: "utf8" });
      t.equal(status, 0, stderr);
    },
  );
}
