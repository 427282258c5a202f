import t from "tap";
import { type HostVars, type Script, trusted } from "../../../engine/index.ts";
import { formats } from "../../../roles/log-agent/formats.ts";
import { ROTATED } from "../../../roles/log-agent/rotated.ts";
import { promtail } from "../../../roles/promtail/index.ts";
import { appPlan, desiredOf } from "../plans.ts";
import { appHost, dataOf, textOf } from "../site.ts";

const config = "/etc/promtail/config.yaml";
const resources = (vars: HostVars["vars"] = {}) => appPlan(vars).resources;

t.test("logs go to Loki's published port, and say which environment and host they are of", async (t) => {
  const [client] = dataOf(resources(), config).clients as unknown as Record<string, unknown>[];
  t.match(client, {
    url: "http://192.0.2.10:8080/loki/api/v1/push",
    external_labels: { environment: "dev", host: "app-1" },
    backoff_config: { max_retries: 0 },
  });
});

t.test(
  "Promtail listens on the host itself only, and keeps its positions where systemd made room for them",
  async (t) => {
    const data = dataOf(resources(), config);
    t.match(data.server, { http_listen_address: "127.0.0.1", grpc_listen_address: "127.0.0.1" });
    t.match(promtail.listens(appHost("a", "dev")), [{ address: "127.0.0.1", port: 9080, setBy: "promtail_port" }]);
    t.match(data.positions, { filename: "/var/lib/promtail/positions.yaml" });
    t.match(textOf(resources(), "promtail.service"), /^StateDirectory=promtail$/m);
  },
);

interface Job {
  readonly static_configs: readonly { readonly labels: Readonly<Record<string, string>> }[];
  readonly pipeline_stages: readonly Readonly<Record<string, unknown>>[];
}
const jobOf = (vars: HostVars["vars"] = {}): Job | undefined =>
  (dataOf(resources(vars), config).scrape_configs as unknown as readonly Job[])[0];

t.test("files that are written to are read, and copies of what may not have been sent", async (t) => {
  const [live, again, ...others] = jobOf({ app_logs: "/var/log/app/*.log" })?.static_configs ?? [];
  t.same(live?.labels, {
    job: "fittoring_logs",
    __path__: "/var/log/app/*.log",
    __path_exclude__: `/var/log/app/${ROTATED}`,
  });
  t.same(again?.labels, { job: "fittoring_logs", again: "yes", __path__: "/var/lib/promtail/again/*/*" });
  t.same(others, []);
  t.match(jobOf({ app_logs_exclude: "debug*" })?.static_configs[1]?.labels, {
    __path_exclude__: "/var/lib/promtail/again/*/debug*",
  });
  const unit = textOf(resources(), "promtail.service");
  t.match(unit, /^ExecStartPre=\/bin\/sh \/etc\/promtail\/again\.sh start$/m);
  t.match(unit, /^ExecStartPost=\/bin\/sh \/etc\/promtail\/again\.sh started$/m);
  t.match(unit, /^ExecStop=-\/bin\/sh \/etc\/promtail\/again\.sh stopping$/m);
  t.match(unit, /^ExecStopPost=-\/bin\/sh \/etc\/promtail\/again\.sh stop$/m);
});

t.test("the application stops before the agent does, where its unit is known", async (t) => {
  const unit = (vars: HostVars["vars"]) => textOf(resources(vars), "promtail.service");
  t.match(
    unit({ app_service: "fittoring.service" }),
    /^After=network\.target dbus\.service\n(#.*\n)?Before=fittoring\.service$/m,
  );
  t.notMatch(unit({}), /^Before=/m);
});

t.test("an entry has its own time and level, and no file name: read again it is the same for Loki", async (t) => {
  const stages = jobOf()?.pipeline_stages ?? [];
  t.match(stages[0], { multiline: { firstline: String.raw`^\{|^No mapping for `, max_lines: 500 } });
  t.match(stages.slice(-5), [
    { timestamp: { source: "time", format: "RFC3339Nano", action_on_failure: "fudge" } },
    { template: { source: "level" } },
    { labels: { level: null } },
    { structured_metadata: { trace_id: null } },
    { labeldrop: ["filename", "again"] },
  ]);
});

t.test("a first line of one's own goes before that of the format", async (t) => {
  const stage = (vars: HostVars["vars"]) => jobOf(vars)?.pipeline_stages[0];
  t.match(stage({ log_format: "logfmt" }), { multiline: { firstline: formats.logfmt.firstLine } });
  t.match(stage({ log_format: "logfmt", log_first_line: "^x" }), { multiline: { firstline: "^x" } });
});

t.test("Promtail's configuration is tried with the host's own Promtail before it goes live", async (t) => {
  const { validate, ...others } = desiredOf<{ validate: (staged: Script) => Script }>(resources(), config);
  t.equal(validate(trusted('"$staged"')).text, `'/usr/local/bin/promtail' -config.file="$staged" -check-syntax >&2`);
  t.match(others, { mode: "0640", group: "promtail" });
});

t.test("Promtail newer than its last release is refused", async (t) => {
  for (const promtail_version of ["3.4.1", "3.5.12", "3.6.11", "2.9.17"])
    t.doesNotThrow(() => appPlan({ promtail_version }), promtail_version);
  for (const promtail_version of ["3.6.12", "3.7.0", "latest", "3.10.0", "2.8.11"])
    t.throws(() => appPlan({ promtail_version }), /promtail_version/, promtail_version);
});
