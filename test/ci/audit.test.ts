import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import t, { type Test } from "tap";
import { runFile } from "../support/program.ts";

/** Runs the audit with npm's own client, on a registry that answers so. */
async function audit(t: Test, status: number, advisories: object) {
  const asked: string[] = [];
  const server = createServer(({ method, url = "" }, response) => {
    asked.push(`${method} ${url}`);
    const isAudit = url.endsWith("/advisories/bulk");
    response.writeHead(isAudit ? status : 404, { "content-type": "application/json" });
    response.end(isAudit ? JSON.stringify(advisories) : "{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  // Answers are kept by npm: not among the user's.
  const env = { npm_config_registry: registry, npm_config_cache: t.testdir(), npm_config_fetch_retries: "0" };
  const ended = await runFile(".ci/audit.mjs", [], { env });
  t.ok(asked.includes("POST /-/npm/v1/security/advisories/bulk"), asked.join());
  return ended;
}

const advisory = (severity: string) => ({
  yaml: [
    {
      id: 1,
      url: "https://example.com/1",
      title: "It bites",
      severity,
      vulnerable_versions: "<=99",
      cwe: [],
      cvss: { score: 8 },
    },
  ],
});

for (const severity of ["high", "critical"])
  t.test(`a vulnerability of ${severity} severity in production fails`, async (t) => {
    const { code, stdout } = await audit(t, 200, advisory(severity));
    t.equal(code, 1);
    t.match(stdout, `: ${severity}: It bites (https://example.com/1)`);
  });

t.test("one of moderate severity is said, and none is fine", async (t) => {
  const moderate = await audit(t, 200, advisory("moderate"));
  t.match(moderate, { code: 0, stdout: /yaml: moderate: It bites/ });
  t.match(await audit(t, 200, {}), { code: 0, stdout: "audit: 0 packages with known vulnerabilities, 0 of them" });
});

t.test("one in what only tests use is none of production's", async (t) => {
  const { yaml } = advisory("critical");
  t.match(await audit(t, 200, { typescript: yaml }), { code: 0, stdout: "audit: 0 packages" });
});

t.test("a registry that does not answer is said", async (t) => {
  t.match(await audit(t, 405, {}), {
    code: 0,
    stdout: /^audit: not made, the registry has no answer \(.*405.*\): ask again/,
  });
});
