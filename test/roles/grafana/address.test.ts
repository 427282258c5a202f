import t from "tap";
import type { HostVars } from "../../../engine/index.ts";
import { grafanaPort, grafanaUrl, ownGrafanaUrl } from "../../../roles/grafana/address.ts";
import { monitoringHost, siteOf } from "../site.ts";

for (const { vars, url, own } of [
  { vars: {}, url: "http://192.0.2.10", own: "http://192.0.2.10:80" },
  { vars: { grafana_port: 8000 }, url: "http://192.0.2.10:8000", own: "http://192.0.2.10:8000" },
  { vars: { publish_address: "0.0.0.0" }, url: "http://192.0.2.10", own: "http://127.0.0.1:80" },
  { vars: { grafana_url: "https://g.example" }, url: "https://g.example", own: "http://192.0.2.10:80" },
  // The gateway has its port.
  { vars: { gateway: true }, url: "https://192.0.2.10", own: "http://127.0.0.1:3000" },
  { vars: { gateway: true, grafana_port: 8000 }, url: "https://192.0.2.10", own: "http://127.0.0.1:8000" },
  { vars: { gateway: true, grafana_url: "https://g.example" }, url: "https://g.example", own: "http://127.0.0.1:3000" },
] satisfies readonly { vars: HostVars["vars"]; url: string; own: string }[]) {
  t.test(`${JSON.stringify(vars)}: people open ${url}, the host itself ${own}`, async (t) => {
    const host = monitoringHost(vars);
    t.equal(grafanaUrl(siteOf([host])), url);
    t.equal(ownGrafanaUrl(host), own);
    t.equal(grafanaPort(host), Number(own.split(":").at(-1)));
  });
}
