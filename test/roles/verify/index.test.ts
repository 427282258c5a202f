import t from "tap";
import type { HostVars } from "../../../engine/index.ts";
import { stage } from "../stage.ts";

t.test(
  "what a site's own release lacks is not proven, and says so; the recap names what it was proven with",
  async (t) => {
    const lock = { "grafana/tempo:3.0.3": { sha256: "", source: "lab: other", lacks: ["traces by gRPC"] } };
    const { told, notes, run } = stage([], {}, lock);
    await run();
    const found = told.filter(({ name }) => name === "traces by gRPC");
    t.match(found, [{ outcome: "unproven", text: "grafana/tempo:3.0.3 is lab: other, and has none" }]);
    t.match(notes, [
      /^Not proven, that upstream's own programs do the same as those of mon: grafana\/tempo:3\.0\.3 \(lab: other\)$/,
    ]);
  },
);

t.test("what stands in for a host's application may send no traces: that is not proven, and no failure", async (t) => {
  const standIn = { sha256: "", source: "lab: stand-in", lacks: ["application traces"] };
  const of = async (host: string) => {
    const vars = { app_service: "a.service", tracing_enable: true };
    const { told, run } = stage([], vars, { [`${host}: a.service`]: standIn });
    await run();
    return told.find(({ name }) => name === "application traces");
  };
  t.match(await of("app-1"), { outcome: "unproven", text: "app-1: a.service is lab: stand-in, and has none" });
  t.notMatch((await of("app-2"))?.text, /stand-in/, "another host's is another");
});

t.test("every service that Prometheus reads is proven, by the metric that it surely has", async (t) => {
  const answer = { data: { result: [{ metric: {}, value: [0, "1"] }] } };
  const { told, asked, run } = stage([[/uid\/prometheus\/api/, { stdout: `${JSON.stringify(answer)}\n200` }]], {
    app_service: "a.service",
  });
  await run();
  for (const name of ["host metrics", "application metrics"])
    t.match(
      told.find((one) => one.name === name),
      { outcome: "works" },
      name,
    );
  t.ok(
    asked.some((line) => /^mon: .*node_uname_info\{job="dev_os_metrics",environment="dev",host="app-1"\}/s.test(line)),
  );
});

t.test("a stopped agent is named at the first look, and the file is taken away again", async (t) => {
  const { told, asked, run } = stage([[/ActiveState -- 'promtail/, { stdout: "inactive\n" }]]);
  await run();
  const logs = told.find(({ name }) => name === "logs");
  t.match(logs, { outcome: "broken", text: "promtail.service on app-1 is inactive", hint: /journalctl -u promtail/ });
  t.ok((logs?.durationMs ?? 0) < 15_000, "without waiting for what cannot come");
  t.match(asked.at(-1), /^app-1: runuser -u 'ubuntu' -- rm -f -- '.*hostwright-verify-[a-z]+\.log'$/);
});

t.test("an application that is not there is not proven; one whose unit is named is broken", async (t) => {
  const outcome = async (vars: HostVars["vars"]) => {
    const { told, run } = stage([], vars);
    await run();
    return told.find(({ name }) => name === "metrics path")?.outcome;
  };
  t.equal(await outcome({}), "unproven");
  t.equal(await outcome({ app_service: "app.service" }), "broken");
});

t.test("a refused port is told with the hosts at both ends", async (t) => {
  const { told, run } = stage([
    [/ActiveState/, { stdout: "active\n" }],
    [/docker ps/, { stdout: "running (Up)\n" }],
    [/time_connect/, { stdout: "refused\n" }],
  ]);
  await run();
  t.match(
    told.find(({ name }) => name === "logs"),
    {
      text: "app-1 cannot reach 192.0.2.10:8080 on mon: refused",
      hint: /let app-1 reach port 8080 of mon/,
    },
  );
});

t.test(
  "a target that was down before the proof began is waited for; one that is down since is broken at once",
  async (t) => {
    const labels = { job: "dev_app_metrics", host: "app-1" };
    const lost = async (lastScrape: string) => {
      const target = {
        labels,
        health: "down",
        lastError: "connection refused",
        scrapeUrl: "http://app-1/m",
        lastScrape,
      };
      const targets = { data: { activeTargets: [target] } };
      const { told, run } = stage(
        [
          [/ActiveState/, { stdout: "active\n" }],
          [/date \+%s/, { stdout: "1700000000\n" }],
          [/api\/v1\/targets/, { stdout: `${JSON.stringify(targets)}\n200` }],
          [/docker ps/, { stdout: "running (Up)\n" }],
          [/curl/, { stdout: "\n200" }],
        ],
        { app_service: "a.service" },
      );
      await run();
      const found = told.find(({ name }) => name === "application metrics");
      t.match(found, { outcome: "broken", text: /cannot read http:\/\/app-1\/m .*connection refused/ });
      return found?.durationMs ?? 0;
    };
    t.ok((await lost("2023-11-14T22:13:21.5Z")) < 15_000);
    t.ok((await lost("2023-11-14T22:13:19.5Z")) >= 20_000);
  },
);
