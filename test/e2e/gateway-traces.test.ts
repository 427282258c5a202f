import { rmSync, writeFileSync } from "node:fs";
import t, { type Test } from "tap";
import type { Finding, RunEvent } from "../../engine/run/event.ts";
import { eventually, INVENTORY, LAB, onHost, program, site, stepsOf, takeLab } from "../support/lab.ts";
import { noLab } from "../support/stand.ts";

// It brings the tests' lab up and converges it where that has not happened yet.
t.setTimeout(45 * 60_000);

const HOST = "app-prod";
const ENV = "/home/ubuntu/fittoring/.env";
const PASSWORD = "it's the lab's, 5f1";
const OPTION = "JDK_JAVA_OPTIONS=-Djavax.net.ssl.trustStore=/etc/hostwright/trust.p12";
const NAMES = "TEMPO_AUTHORIZATION|OTEL_EXPORTER_OTLP_HEADERS|OTEL_EXPORTER_OTLP_CERTIFICATE|JDK_JAVA_OPTIONS";
const own = `grep -E '^(${NAMES}|TEMPO_GRPC_LISTENER_URL|DEPLOY_ENV)=' ${ENV}`;
const files = "ls /etc/hostwright";
/** What the running process has of these, as it was started with them. */
const running = `for pid in $(pgrep -u ubuntu -f fittoring); do tr '\\0' '\\n' <"/proc/$pid/environ"; done`;

async function findings(...args: readonly string[]): Promise<readonly Finding[]> {
  const { stdout } = await program("npx", "zx", "playbooks/verify.mts", "-i", INVENTORY, "--json", ...args);
  const events = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line): RunEvent => JSON.parse(line));
  return events.flatMap((event) => (event.kind === "found" && event.host === HOST ? [event.finding] : []));
}

t.test("the gateway with a CA of its own, on and off again", { skip: noLab }, async (t) => {
  await takeLab(t);
  const paths = { on: `.lab/${LAB}/gateway-on.json`, off: `.lab/${LAB}/gateway-off.json` };
  const tracing = { tracing_enable: true };
  writeFileSync(paths.on, JSON.stringify({ ...tracing, gateway: true, gateway_password: PASSWORD }));
  writeFileSync(paths.off, JSON.stringify(tracing));
  t.teardown(() => Object.values(paths).map((path) => rmSync(path, { force: true })));
  // The other host would do the same, under an emulator.
  const hosts = ["--limit", `mon,${HOST}`];
  const on = ["-e", `@${paths.on}`];
  const off = ["-e", `@${paths.off}`];
  const isReal = await onHost(HOST, "command -v java").then(
    () => true,
    () => false,
  );
  const needsReal = isReal ? false : "needs the real application on app-prod: its JVM is what is proven";

  const arrives = async (t: Test, url: RegExp, ...vars: readonly string[]) => {
    t.match(await onHost(HOST, running), url, "the application was restarted with its new entries");
    await makeRequests();
    const found = await findings("--limit", HOST, ...vars);
    const by = (name: string) => found.find((one) => one.name === name);
    t.match(by("application traces"), { outcome: "works", text: /^trace [0-9a-f]+ of fittoring in prod/ });
    for (const name of ["logs", "host metrics", "application metrics", "service graph"])
      t.match(by(name), { outcome: "works" }, name);
  };

  await t.test("on: the trust store is there, and the entry that names it", async (t) => {
    const run = await site(...on, ...hosts);
    t.equal(run.code, 0, run.stderr);
    const entries = await onHost(HOST, own);
    t.match(entries, new RegExp(`^${OPTION}$`, "m"));
    t.match(entries, /^TEMPO_GRPC_LISTENER_URL=https:/m);
    t.match(entries, /^DEPLOY_ENV=prod$/m);
    t.same((await onHost(HOST, files)).split("\n").filter(Boolean), [
      "gateway-ca.crt",
      "gateway-password",
      "trust.p12",
      "trust.sha256",
    ]);
    const certificates =
      "runuser -u ubuntu -- openssl pkcs12 -nokeys -nomacver -passin pass: -in /etc/hostwright/trust.p12";
    const count = Number(await onHost(HOST, `${certificates} | grep -c BEGIN`));
    t.equal(count, Number(await onHost(HOST, "grep -c BEGIN /etc/ssl/certs/ca-certificates.crt")) + 1);
    t.match(
      (await site(...on, ...hosts)).results.get(HOST),
      { changed: 0, handlers: [] },
      "a second run changes nothing",
    );
  });

  await t.test("on: traces, logs and metrics arrive through it", { skip: needsReal }, async (t) => {
    await arrives(t, /^TEMPO_GRPC_LISTENER_URL=https:.*$/m, ...on);
  });

  await t.test("on: certificates that the system gets are followed", async (t) => {
    await onHost(HOST, "cat /etc/hostwright/gateway-ca.crt >>/etc/ssl/certs/ca-certificates.crt");
    const run = await site(...on, "--limit", HOST);
    t.same(stepsOf(run, HOST, "applied"), ["command trust store /etc/hostwright/trust.p12"]);
    t.equal(run.results.get(HOST)?.handlers.length, 1, "the application reads them when it starts");
    await onHost(HOST, "update-ca-certificates --fresh >/dev/null 2>&1");
    t.equal((await site(...on, "--limit", HOST)).code, 0);
  });

  await t.test("on: options of the team's own are not touched, and what to do is said", async (t) => {
    await onHost(HOST, `cp -p ${ENV} /root/env && sed -i 's|^JDK_JAVA_OPTIONS=.*|JDK_JAVA_OPTIONS="-Xmx300m"|' ${ENV}`);
    const { code, results } = await site(...on, "--limit", HOST, "--check");
    t.equal(code, 2);
    t.match(results.get(HOST)?.failure?.message, /JDK_JAVA_OPTIONS is not ours: add -Djavax\.net\.ssl\.trustStore=/);
    await onHost(HOST, `sed -i 's|"-Xmx300m"|"-Xmx300m ${OPTION.slice(OPTION.indexOf("-"))}"|' ${ENV}`);
    t.match((await site(...on, "--limit", HOST, "--check")).results.get(HOST), { changed: 0 });
    await onHost(HOST, `cp -p /root/env ${ENV} && rm /root/env`);
  });

  await t.test("off: nothing of it is left", async (t) => {
    const run = await site(...off, ...hosts);
    t.equal(run.code, 0, run.stderr);
    const entries = await onHost(HOST, own);
    t.notMatch(entries, new RegExp(NAMES));
    t.match(entries, /^TEMPO_GRPC_LISTENER_URL=http:/m);
    t.equal(await onHost(HOST, files), "");
    t.match((await site(...off, ...hosts)).results.get(HOST), { changed: 0, handlers: [] });
  });

  await t.test("off: traces, logs and metrics arrive without it", { skip: needsReal }, async (t) => {
    await arrives(t, /^TEMPO_GRPC_LISTENER_URL=http:.*$/m, ...off);
  });
});

/** Once the application that was just restarted answers. */
async function makeRequests(): Promise<void> {
  const get = (path: string) => onHost(HOST, `curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8081${path}`);
  await eventually(
    "the application answers",
    180,
    () => get("/healthcheck"),
    (code) => code === "200",
  );
  for (let count = 0; count < 5; count++) await get("/");
}
