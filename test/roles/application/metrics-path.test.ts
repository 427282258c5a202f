import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import t, { type Test } from "tap";
import { askMetricsPath, metricsPathOf, metricsPathProblem } from "../../../roles/application/metrics-path.ts";

for (const [name, stdout, problem] of [
  ["Spring Boot's", "200 text/plain;version=0.0.4;charset=utf-8\nknown\n", undefined],
  ["a page", "200 text/html\nmissing\n", /content type is "text\/html"/],
  ["another application's", "200 text/plain; version=0.0.4\nmissing\n", /there is no jvm_x/],
  ["a login", "401 \nmissing\n", /HTTP 401/],
  ["nobody's", "000 \nmissing\n", /no answer/],
] as const) {
  t.test(`metrics path: ${name} answer`, async (t) => {
    const found = metricsPathProblem(metricsPathOf({ status: 0, stdout, stderr: "" }), "jvm_x");
    if (problem) t.match(found, problem);
    else t.equal(found, undefined);
  });
}

/** A process of its own, as the shell is run synchronously: it has its metrics from the third request on. */
async function startsSlowly(t: Test): Promise<string> {
  const program = `let asked = 0;
    require("node:http").createServer((request, response) => {
      asked += 1;
      response.writeHead(asked > 2 ? 200 : 503, { "content-type": "text/plain; version=0.0.4" });
      response.end(asked > 2 ? "jvm_x 1\\n" : "starting");
    }).listen(0, "127.0.0.1", function () { console.log(this.address().port); });`;
  const server = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  t.teardown(() => server.kill());
  const [port] = await once(server.stdout, "data");
  return `http://127.0.0.1:${String(port).trim()}/metrics`;
}

/** What the script says on a host whose systemd knows this start of the unit. */
function said(t: Test, url: string, start: string) {
  const dir = t.testdir();
  writeFileSync(`${dir}/systemctl`, `#!/bin/sh\necho "${start}"\n`);
  chmodSync(`${dir}/systemctl`, 0o755);
  const { text } = askMetricsPath(url, "jvm_x", { unit: "app.service", timeoutSeconds: 30 });
  const env = { ...process.env, PATH: `${dir}:${process.env.PATH}` };
  const { status, stdout, stderr } = spawnSync("sh", ["-eu"], { input: text, env, encoding: "utf8" });
  return metricsPathOf({ status: status ?? 1, stdout, stderr });
}

t.test("an application that was started just now is waited for, one that runs for long is not", async (t) => {
  const stamp = new Date().toUTCString().replace(/^(\w+), (\d+) (\w+) (\d+) (\S+) GMT$/, "$1 $2 $3 $4 $5 UTC");
  t.match(said(t, await startsSlowly(t), stamp), { code: 200, hasKnown: true });
  t.match(said(t, await startsSlowly(t), "Sun 2026-11-22 09:18:24 UTC"), { code: 503, hasKnown: false });
  t.match(said(t, await startsSlowly(t), ""), { code: 503 }, "nor one that never was started");
  t.match(said(t, "http://127.0.0.1:9/metrics", ""), { code: 0, reason: /connect/i });
});
