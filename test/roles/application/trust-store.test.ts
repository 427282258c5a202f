import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import t, { type Test } from "tap";
import { command, type Resource } from "../../../engine/index.ts";
import { trustStore } from "../../../roles/application/trust-store.ts";
import { apply, converges, plan } from "../../support/converges.ts";
import { freePort } from "../../support/port.ts";
import { shells } from "../../support/shells.ts";
import { appPlan, desiredOf } from "../plans.ts";
import { namesOf } from "../site.ts";

const SYSTEM = "/etc/ssl/certs/ca-certificates.crt";
const sh = ["sh"];
const has = (...programs: readonly string[]) =>
  programs.find((one) => spawnSync("sh", ["-c", `command -v ${one}`]).status !== 0);
const lacking = (...programs: readonly string[]) => {
  const missing = has(...programs);
  return missing === undefined ? false : `needs ${missing}`;
};

/** A certificate of a CA of its own. */
function newCa(path: string): string {
  const options = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", `${path}.key`];
  execFileSync("openssl", ["req", "-x509", ...options, "-subj", "/CN=own", "-days", "2", "-out", path], {
    stdio: "ignore",
  });
  return path;
}

function trust(dir: string, system = SYSTEM): Resource {
  const paths = { system, ca: `${dir}/ca.crt`, store: `${dir}/trust.p12`, madeOf: `${dir}/trust.sha256` };
  return command({ name: "trust store", ...trustStore(paths) });
}

const count = (path: string) => readFileSync(path, "utf8").split("BEGIN CERTIFICATE").length - 1;
const trusted = (store: string) =>
  execFileSync("keytool", ["-list", "-keystore", store, "-storepass", "any"], { encoding: "utf8" }).split(
    "trustedCertEntry",
  ).length - 1;

t.test("the trust store", { skip: lacking("openssl") }, async (t) => {
  converges(t, "is made once", (dir) => {
    newCa(`${dir}/ca.crt`);
    return trust(dir);
  });

  for (const shell of shells)
    t.test(`follows its certificates by content (${shell[0]})`, async (t) => {
      const dir = t.testdir();
      const system = newCa(`${dir}/system.crt`);
      newCa(`${dir}/ca.crt`);
      const steps = () => plan(shell, [trust(dir, system)]);
      apply(shell, steps());
      const first = readFileSync(`${dir}/trust.p12`);
      t.equal(statSync(`${dir}/trust.p12`).mode & 0o777, 0o644, "the application's user can read it");
      execFileSync("touch", [system]);
      t.same(steps(), [], "a new date is no change");
      for (const change of [system, `${dir}/ca.crt`, `${dir}/trust.p12`]) {
        newCa(change);
        t.equal(steps().length, 1, change);
        apply(shell, steps());
        t.same(steps(), []);
      }
      t.notOk(first.equals(readFileSync(`${dir}/trust.p12`)));
    });

  t.test("is not made of a file that has no certificate", async (t) => {
    const dir = t.testdir({ "ca.crt": "nothing\n" });
    t.throws(() => apply(sh, plan(sh, [trust(dir)])), /ca\.crt has no certificate/);
  });
});

t.test("Java trusts every certificate in it", { skip: lacking("openssl", "keytool") }, async (t) => {
  const dir = t.testdir();
  newCa(`${dir}/ca.crt`);
  apply(sh, plan(sh, [trust(dir)]));
  t.equal(trusted(`${dir}/trust.p12`), count(SYSTEM) + 1);
});

t.test(
  "a certificate that both files have is in it once, whatever ends its lines",
  { skip: lacking("openssl", "keytool") },
  async (t) => {
    const dir = t.testdir();
    newCa(`${dir}/ca.crt`);
    writeFileSync(`${dir}/system.crt`, readFileSync(`${dir}/ca.crt`, "utf8").replaceAll("\n", "\r\n"));
    apply(sh, plan(sh, [trust(dir, `${dir}/system.crt`)]));
    t.equal(trusted(`${dir}/trust.p12`), 1);
  },
);

const CLIENT = `import java.net.URI;
import java.net.http.*;

public class Client {
  public static void main(String[] args) throws Exception {
    var request = HttpRequest.newBuilder(URI.create(args[0])).build();
    var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    System.out.println(answer.version() + " " + answer.body());
  }
}
`;

t.test(
  "by the role's entry a JVM trusts the real gateway program with a CA of its own, and without it does not",
  { skip: lacking("openssl", "java", "caddy") },
  async (t) => {
    const url = `https://127.0.0.1:${await freePort()}`;
    const dir = t.testdir({ "Client.java": CLIENT });
    const caddy = await gateway(t, dir, url);
    writeFileSync(`${dir}/ca.crt`, readFileSync(`${dir}/data/pki/authorities/local/root.crt`));
    apply(sh, plan(sh, [trust(dir)]));
    const call = (env: NodeJS.ProcessEnv) =>
      spawnSync("java", [`${dir}/Client.java`, url], { encoding: "utf8", env: { ...process.env, ...env } });
    t.match(call({ JDK_JAVA_OPTIONS: "" }), { status: 1, stderr: /unable to find valid certification path/ });
    const { OPTIONS: word } = optionOf(`${dir}/trust.p12`);
    t.match(call({ JDK_JAVA_OPTIONS: word }), { status: 0, stdout: "HTTP_2 hello\n" });
    t.equal(caddy.exitCode, null);
  },
);

/** The role's word, for a trust store that is elsewhere. */
function optionOf(store: string) {
  const words = settings(gatewayOn).words as Record<string, { word: string }>;
  return { OPTIONS: words.JDK_JAVA_OPTIONS?.word.replace("/etc/hostwright/trust.p12", store) };
}

async function gateway(t: Test, dir: string, url: string): Promise<ChildProcess> {
  const options = `admin off\nskip_install_trust\nauto_https disable_redirects\nstorage file_system ${dir}/data\ndefault_sni 127.0.0.1`;
  writeFileSync(`${dir}/Caddyfile`, `{\n${options}\n}\n${url} {\ntls internal\nrespond hello\n}\n`);
  const caddy = spawn("caddy", ["run", "--adapter", "caddyfile", "--config", `${dir}/Caddyfile`], {
    stdio: "ignore",
    env: { ...process.env, HOME: dir },
  });
  t.teardown(() => caddy.kill());
  for (let tries = 0; tries < 100; tries++) {
    if (spawnSync("curl", ["-qskf", "-m", "2", url]).status === 0) return caddy;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`caddy does not answer at ${url}`);
}

const gatewayOn = { gateway: true };
const own = { gateway_password: "dev's own", gateway_ca: "-----BEGIN CERTIFICATE-----", tracing_enable: true };
const resourcesOf = (vars: Record<string, unknown>, monitoringVars: Record<string, unknown>) =>
  appPlan(vars as never, { monitoringVars: monitoringVars as never }).resources;
const settings = (monitoringVars: Record<string, unknown>, vars = {}) =>
  desiredOf(resourcesOf({ ...own, ...vars }, monitoringVars), "/home/ubuntu/fittoring/.env");
const OPTION = "-Djavax.net.ssl.trustStore=/etc/hostwright/trust.p12";

t.test(
  "the JVM's entry is there where traces go through the gateway with a CA of its own, and nowhere else",
  async (t) => {
    const acme = { ...gatewayOn, gateway_domain: "mon.example.com", gateway_acme_email: "ops@example.com" };
    const cases = [
      [gatewayOn, {}, "present"],
      [gatewayOn, { tracing_enable: false }, "absent"],
      [gatewayOn, { app_trust_store: false }, "absent"],
      [acme, {}, "absent"],
      [{}, {}, "absent"],
    ] as const;
    for (const [monitoringVars, vars, state] of cases) {
      t.same(settings(monitoringVars, vars).words, { JDK_JAVA_OPTIONS: { word: OPTION, state } });
      const names = namesOf(resourcesOf({ ...own, ...vars }, monitoringVars));
      const [made, entry, gone] = [/^command trust store/, /^env-file /, /^absent .*trust\.p12/].map((one) =>
        names.findIndex((name) => one.test(name)),
      ) as [number, number, number];
      if (state === "present") t.ok(made >= 0 && made < entry && gone < 0, "the store is there before the entry");
      else t.ok(gone > entry && made < 0, "the entry goes before the store");
    }
  },
);
