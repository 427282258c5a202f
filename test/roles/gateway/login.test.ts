import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import t from "tap";
import { type EnvFileDesired, envFile, type HostVars, reveal, Secret } from "../../../engine/index.ts";
import { apply, plan } from "../../support/converges.ts";
import { appPlan, desiredOf } from "../plans.ts";
import { dataOf, namesOf, textOf } from "../site.ts";

const gateway = { gateway: true };

function appResources(vars: HostVars["vars"] = {}, monitoringVars: HostVars["vars"] = gateway) {
  const own = { gateway_password: new Secret("dev's own", "test"), gateway_ca: "-----BEGIN CERTIFICATE-----" };
  return appPlan({ ...own, ...vars }, { monitoringVars }).resources;
}

t.test("Promtail says who it is, and trusts the gateway's own CA", async (t) => {
  const [client] = dataOf(appResources(), "/etc/promtail/config.yaml").clients as unknown as Record<string, unknown>[];
  t.match(client, {
    url: "https://192.0.2.10/loki/api/v1/push",
    basic_auth: { username: "dev", password_file: "/etc/hostwright/gateway-password" },
    tls_config: { ca_file: "/etc/hostwright/gateway-ca.crt" },
  });
  t.equal(textOf(appResources(), "/etc/hostwright/gateway-password"), "dev's own");
  const { config } = desiredOf<{ config: string[] }>(appResources(), "promtail.service");
  t.match(config.join(" "), /gateway-password.*gateway-ca\.crt/);
});

t.test("a certificate by ACME is one that all trust: none is handed out", async (t) => {
  const acme = { ...gateway, gateway_domain: "mon.example.com", gateway_acme_email: "ops@example.com" };
  const names = namesOf(appResources({}, acme)).filter((name) => /gateway-ca/.test(name));
  t.same(names, ["absent /etc/hostwright/gateway-ca.crt"]);
});

t.test("without a gateway nobody says who they are", async (t) => {
  const names = namesOf(appResources({}, {})).filter((name) => /gateway/.test(name));
  t.same(names, ["absent /etc/hostwright/gateway-password", "absent /etc/hostwright/gateway-ca.crt"]);
  const [client] = dataOf(appResources({}, {}), "/etc/promtail/config.yaml").clients as unknown as object[];
  t.notOk(client && "basic_auth" in client);
});

t.test("the application gets what it needs to send traces through the gateway", async (t) => {
  const { entries } = desiredOf<{ entries: Record<string, Secret | string> }>(
    appResources(),
    "/home/ubuntu/fittoring/.env",
  );
  const token = Buffer.from("dev:dev's own").toString("base64");
  t.equal(entries.TEMPO_GRPC_LISTENER_URL, "https://192.0.2.10:443");
  t.equal(reveal(entries.TEMPO_AUTHORIZATION ?? ""), `Basic ${token}`);
  t.equal(reveal(entries.OTEL_EXPORTER_OTLP_HEADERS ?? ""), `Authorization=Basic%20${encodeURIComponent(token)}`);
  t.equal(entries.OTEL_EXPORTER_OTLP_CERTIFICATE, "/etc/hostwright/gateway-ca.crt");
});

t.test("without a gateway its entries go, and what others wrote under the same names stays", async (t) => {
  const { path } = desiredOf<{ path: string }>(appResources(), "/home/ubuntu/fittoring/.env");
  const edited = (text: string, ...vars: Parameters<typeof appResources>) => {
    const file = `${t.testdir({ ".env": text })}/.env`;
    const desired = desiredOf<EnvFileDesired>(appResources(...vars), path);
    const resource = envFile({ ...desired, path: file, owner: userInfo().username });
    apply(["sh"], plan(["sh"], [resource]));
    return readFileSync(file, "utf8");
  };
  const on = { tracing_enable: true };
  const theirs = "OTEL_EXPORTER_OTLP_HEADERS=api-key=theirs\nJAVA_TOOL_OPTIONS=-Xmx1g\nA=1\n";
  const before = edited("A=1\n", on);
  t.match(before, /TEMPO_AUTHORIZATION="Basic .*OTEL_EXPORTER_OTLP_HEADERS=.*JDK_JAVA_OPTIONS=-D.*trust\.p12/s);
  const kept =
    "TRACING_ENABLE=true TEMPO_GRPC_LISTENER_URL=http://192.0.2.10:443 DB_TRACING_ENABLE=false DEPLOY_ENV=dev";
  const after = `A=1\n${kept.replaceAll(" ", "\n")}\n`;
  t.equal(edited(before, on, {}), after, "the password need not be known any more");
  t.equal(edited(before, { ...on, gateway_password: undefined, gateway_ca: undefined }, {}), after);
  t.match(edited(theirs, on, {}), theirs);
});

t.test("a run that does not know the CA's certificate leaves the one that is there", async (t) => {
  t.match(namesOf(appResources({ gateway_ca: undefined })).join("\n"), /command the gateway's CA is known/);
});
