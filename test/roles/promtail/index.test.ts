import t from "tap";
import { type HostVars, type Script, trusted } from "../../../engine/index.ts";
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

t.test("rotated files are left out, whatever the log folder is", async (t) => {
  const [job] = dataOf(resources({ app_logs: "/var/log/app/*.log" }), config).scrape_configs as unknown as [
    { static_configs: [{ labels: Record<string, string> }] },
  ];
  t.match(job.static_configs[0].labels, {
    job: "fittoring_logs",
    __path__: "/var/log/app/*.log",
    __path_exclude__: `/var/log/app/${ROTATED}`,
  });
});

t.test("an entry of many lines stays one, and gives its level as a label", async (t) => {
  const [job] = dataOf(resources(), config).scrape_configs as unknown as [{ pipeline_stages: unknown[] }];
  t.match(job.pipeline_stages, [
    { multiline: { firstline: String.raw`^\{|^No mapping for `, max_lines: 500 } },
    { match: { selector: String.raw`{job="fittoring_logs"} |~ "^\\{"` } },
  ]);
});

t.test("Promtail's configuration is tried with the host's own Promtail before it goes live", async (t) => {
  const { validate, ...others } = desiredOf<{ validate: (staged: Script) => Script }>(resources(), config);
  t.equal(validate(trusted('"$staged"')).text, `'/usr/local/bin/promtail' -config.file="$staged" -check-syntax >&2`);
  t.match(others, { mode: "0640", group: "promtail" });
});

t.test("Promtail newer than its last release is refused", async (t) => {
  for (const promtail_version of ["3.4.1", "3.5.12", "3.6.11", "2.9.17"])
    t.doesNotThrow(() => appPlan({ promtail_version }), promtail_version);
  for (const promtail_version of ["3.6.12", "3.7.0", "latest", "3.10.0"])
    t.throws(() => appPlan({ promtail_version }), /promtail_version/, promtail_version);
});
