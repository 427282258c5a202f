import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compareSync } from "bcryptjs";
import t from "tap";
import { type HostVars, reveal, Secret } from "../../../engine/index.ts";
import { desiredOf, monitoringPlan, servicesOf } from "../plans.ts";
import { appHost, filesOf, namesOf, textOf } from "../site.ts";

const passwords: Readonly<Record<string, string>> = { dev: "dev's own", prod: "prod's own" };
const caddyfile = "/opt/monitoring/gateway/conf/Caddyfile";
const gateway = { gateway: true };
const apps = Object.entries(passwords).map(([name, password]) =>
  appHost(`${name}-1`, name, { gateway_password: new Secret(password, "test") }),
);
const gatewayPlan = (vars: HostVars["vars"] = gateway, others: readonly HostVars[] = apps) =>
  monitoringPlan(vars, others);

t.test("with a gateway only 80 and 443 are published on an address that others reach", async (t) => {
  const services = servicesOf(gatewayPlan().resources);
  const ports = Object.values(services).flatMap((service) => service.ports);
  t.same(ports.filter((port) => !port.startsWith("127.0.0.1:")).sort(), ["0.0.0.0:443:443", "0.0.0.0:80:80"]);
  t.ok(ports.includes("127.0.0.1:3000:3000") && ports.includes("127.0.0.1:8080:3100"), "for the role's own conditions");
  t.match(services.gateway?.image, /^caddy:\d+\.\d+\.\d+/);
  t.match(services.gateway?.volumes, ["./gateway/conf:/etc/caddy:ro", "./gateway/data:/data"]);
  t.equal(services.grafana?.environment.GF_SERVER_ROOT_URL, "https://192.0.2.10");
});

t.test("without one there is none, and nothing asks for a password", async (t) => {
  const plan = gatewayPlan({}, [appHost("dev-1", "dev")]);
  t.notOk("gateway" in servicesOf(plan.resources));
  t.notMatch(namesOf(plan.resources).join("\n"), /gateway/);
});

t.test("each environment is a user, whose password the monitoring host never sees", async (t) => {
  const files = filesOf(gatewayPlan().resources);
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

t.test("a gateway wants one password of each environment", async (t) => {
  t.throws(() => gatewayPlan(gateway, [appHost("dev-1", "dev")]), /host dev-1: found no gateway_password/);
  const two = [appHost("a", "dev", { gateway_password: "1" }), appHost("b", "dev", { gateway_password: "2" })];
  const { resources } = gatewayPlan(gateway, two);
  const { content } = desiredOf<{ content: Secret }>(resources, "/opt/monitoring/gateway/conf/users/dev.caddy");
  t.throws(() => reveal(content), /environment dev: .*different/);
});

t.test("a certificate by ACME is of the gateway's domain, and of no CA of its own", async (t) => {
  const acme = { ...gateway, gateway_domain: "mon.example.com", gateway_acme_email: "ops@example.com" };
  const text = textOf(gatewayPlan(acme).resources, caddyfile);
  t.match(text, /email "ops@example.com"/);
  t.notMatch(text, /tls internal/);
  t.match(text, /^"https:\/\/mon\.example\.com" \{$/m);
  t.throws(() => gatewayPlan({ ...gateway, gateway_acme_email: "ops@example.com" }), /needs gateway_domain/);
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
      for (const [path, text] of filesOf(gatewayPlan(vars).resources)) {
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
