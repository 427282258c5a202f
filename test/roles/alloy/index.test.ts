import t from "tap";
import type { HostVars } from "../../../engine/index.ts";
import { app } from "../../../roles/app/index.ts";
import { appPlan, desiredOf } from "../plans.ts";
import { appFacts, appHost, dataOf, monitoringHost, releases, siteOf, textOf } from "../site.ts";

// No Alloy could be had here, nor a stand-in for it: its configuration is looked at as text, its positions as upstream writes them.

const locked = { ...releases, "alloy-linux-arm64.zip": { sha256: "d".repeat(64), source: "upstream" } };
const alloyPlan = (vars: HostVars["vars"] = {}) => appPlan({ log_agent: "alloy", ...vars }, { locked });

t.test("Alloy's configuration retries for ever, takes over positions and labels as Promtail's does", async (t) => {
  const text = textOf(alloyPlan().resources, "/etc/alloy/config.alloy");
  for (const line of [
    /^ {4}max_backoff_retries = 0$/m,
    /^ {2}legacy_positions_file = "\/var\/lib\/alloy\/promtail-positions\.yaml"$/m,
    /^ {4}url {12}= "http:\/\/192\.0\.2\.10:8080\/loki\/api\/v1\/push"$/m,
    /^ {4}environment = "dev",$/m,
    /^ {4}host {8}= "app-1",$/m,
    /^ {6}__path_exclude__ = "\/home\/ubuntu\/fittoring\/logs\/\{\*20\[0-9]/m,
    /^ {4}values = \["filename", "again"\]$/m,
  ])
    t.match(text, line);
  t.ok(text.includes(String.raw`firstline     = "^\\{|^No mapping for "`), "a backslash is written twice");
});

t.test("both agents are told the same of levels, times and trace ids", async (t) => {
  interface Stage {
    readonly regex?: { readonly expression: string };
    readonly template?: { readonly template: string };
  }
  for (const log_format of ["json", "logback", "logfmt"]) {
    const promtail = dataOf(appPlan({ log_format }).resources, "/etc/promtail/config.yaml") as unknown as {
      readonly scrape_configs: readonly { readonly pipeline_stages: readonly Stage[] }[];
    };
    const stages = promtail.scrape_configs[0]?.pipeline_stages ?? [];
    const told = stages.flatMap(({ regex, template }) => regex?.expression ?? template?.template ?? []);
    const text = textOf(alloyPlan({ log_format }).resources, "/etc/alloy/config.alloy");
    t.equal(told.length, 6);
    for (const one of told) t.ok(text.includes(` = ${JSON.stringify(one)}\n`), one.slice(0, 40));
  }
});

t.test("no value can end its string or add to the configuration", async (t) => {
  const text = textOf(
    alloyPlan({ log_first_line: '"\n}\nlocal.file "x" { filename = "/etc/shadow" }' }).resources,
    "/etc/alloy/config.alloy",
  );
  t.notMatch(text, /^local\.file "x"/m);
  t.equal((text.match(/^}/gm) ?? []).length, 5, "five blocks, as ever");
});

t.test("Alloy runs as a user of its own, as hardened as Promtail, and listens on the host itself only", async (t) => {
  const text = textOf(alloyPlan({ alloy_memory_mb: 200 }).resources, "alloy.service");
  const promtail = textOf(alloyPlan({ log_agent: "promtail", promtail_memory_mb: 200 }).resources, "promtail.service");
  const own =
    /^(Description|Documentation|User|Group|ExecStart|ExecStartPre|ExecStartPost|ExecStop|ExecStopPost|StateDirectory)=/;
  const others = (unit: string) => unit.split("\n").filter((line) => !own.test(line));
  t.same(others(text), others(promtail));
  t.match(text, /^User=alloy$/m);
  t.match(text, /^ExecStop=-\/bin\/sh \/etc\/alloy\/again\.sh stopping$/m);
  t.match(text, /--server\.http\.listen-addr=127\.0\.0\.1:12345 --disable-reporting \/etc\/alloy\/config\.alloy$/m);
});

t.test("the archive is checked by the lock file's hash: there is no pin to invent", async (t) => {
  t.match(desiredOf(alloyPlan().resources, "/usr/local/bin/alloy"), {
    url: "https://github.com/grafana/alloy/releases/download/v1.20.1/alloy-linux-arm64.zip",
    sha256: "d".repeat(64),
    files: { "alloy-linux-arm64": "alloy" },
  });
  const host = appHost("a", "dev", { log_agent: "alloy" });
  t.same(
    app.releases(host, appFacts, siteOf([host, monitoringHost()])).map(({ file }) => file),
    ["alloy-linux-arm64.zip"],
  );
});
