import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { compareSync } from "bcryptjs";
import t from "tap";
import { parse } from "yaml";
import { type HostVars, type Script, Secret, trusted } from "../../../engine/index.ts";
import { nodeExporter } from "../../../roles/node-exporter/index.ts";
import { appPlan, monitoringPlan } from "../plans.ts";
import { appHost, dataOf, filesOf, namesOf, textOf } from "../site.ts";

const asked = { node_exporter_tls: true, metrics_password: new Secret("it's read", "test") };

const appResources = (vars: HostVars["vars"]) => appPlan(vars).resources;
const monitoringResources = (...apps: readonly HostVars[]) => monitoringPlan({}, apps).resources;

t.test("node_exporter answers by TLS, and to one user only, whose password the host does not see", async (t) => {
  const resources = appResources(asked);
  const web = dataOf(resources, "/etc/node_exporter/web.yml") as Record<string, Record<string, string>>;
  t.match(web.tls_server_config, { cert_file: "/etc/node_exporter/tls.crt", key_file: "/etc/node_exporter/tls.key" });
  t.ok(compareSync("it's read", web.basic_auth_users?.prometheus ?? ""));
  t.notOk([...filesOf(resources).values()].some((text) => text.includes("it's read")));
  t.match(textOf(resources, "node_exporter.service"), /--web\.config\.file=\/etc\/node_exporter\/web\.yml/);
  t.match(namesOf(resources).join("\n"), /http node_exporter asks for a password/);
});

t.test("without being asked it is as before", async (t) => {
  t.notMatch(namesOf(appResources({})).join("\n"), /web\.yml|node_exporter's certificate/);
  t.notMatch(textOf(appResources({}), "node_exporter.service"), /web\.config/);
  t.throws(() => appResources({ node_exporter_tls: true }), /var node_exporter_tls: found no metrics_password/);
});

t.test("Prometheus asks by TLS with the password, from a file of its own user", async (t) => {
  const resources = monitoringResources(appHost("dev-1", "dev", asked), appHost("prod-1", "prod"));
  const [os, application] = parse(textOf(resources, "/opt/monitoring/prometheus/jobs/dev.yml")).scrape_configs;
  const file = "/etc/prometheus/secrets/dev_metrics_password";
  t.match(os, { scheme: "https", basic_auth: { username: "prometheus", password_file: file } });
  t.notOk("basic_auth" in application);
  t.notOk("basic_auth" in parse(textOf(resources, "/opt/monitoring/prometheus/jobs/prod.yml")).scrape_configs[0]);
  const secret = resources.find(({ id }) => id === "/opt/monitoring/prometheus/secrets/dev_metrics_password");
  t.match(secret?.desired, { mode: "0400", owner: "65534" });
});

t.test("one job tells its password to all of its targets, so all of them have to ask", async (t) => {
  const mixed = [appHost("a", "dev", asked), appHost("b", "dev")];
  t.throws(
    () => monitoringResources(...mixed),
    /environment dev: node_exporter_tls, with metrics_password, is to be the same/,
  );
});

t.test("who lists the ports knows", async (t) => {
  t.match(nodeExporter.listens(appHost("dev-1", "dev", asked)), [
    { tls: true, login: "Prometheus' user and password", setBy: "node_exporter_port" },
  ]);
});

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

t.test(
  "a certificate is made, is good, and is made again when it is about to end",
  {
    skip: hasOpenssl ? false : "openssl is not installed",
  },
  async (t) => {
    const folder = t.testdir();
    const found = appResources(asked).find(({ id }) => id.includes("certificate is good"));
    const { run, unless } = (found as { desired: { run: Script; unless: Script } }).desired;
    const group = spawnSync("id", ["-gn"], { encoding: "utf8" }).stdout.trim();
    const shell = ({ text }: Script) => {
      const script = text.replaceAll("/etc/node_exporter", folder).replaceAll("'node_exporter'", `'${group}'`);
      return spawnSync("sh", ["-s"], { input: `set -eu\n${script}\n`, encoding: "utf8" });
    };
    t.not(shell(unless).status, 0, "there is none");
    t.equal(shell(run).status, 0, shell(run).stderr);
    t.equal(shell(unless).status, 0);
    t.ok(existsSync(`${folder}/tls.key`));
    const shown = spawnSync("openssl", ["x509", "-in", `${folder}/tls.crt`, "-noout", "-text"], { encoding: "utf8" });
    t.match(shown.stdout, /DNS:app-1, DNS:localhost, IP Address:127\.0\.0\.1/);
    t.not(shell(trusted(unless.text.replace(/2592000/g, "34560000"))).status, 0, "400 days are more than it has");
  },
);
