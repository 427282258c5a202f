import type { HostVars, Script } from "hostwright";
import { answerOf, get, jsonOf } from "../curl.ts";
import { varsOfHost } from "../hosts.ts";
import { broken, containerRuns, type Hop, lastLine, logsOf } from "../proof.ts";
import { ownGrafanaUrl } from "./address.ts";
import { grafanaVars } from "./vars.ts";

const loginVars = {
  grafana_admin_user: grafanaVars.grafana_admin_user,
  grafana_admin_password: grafanaVars.grafana_admin_password,
};

type Query = Readonly<Record<string, string>>;

/** Script for the monitoring host that asks a data source, called by its uid, through Grafana, as a dashboard does. */
export function through(monitoring: HostVars, source: string, path: string, query: Query = {}): Script {
  return askGrafana(monitoring, `/api/datasources/proxy/uid/${source}${path}`, query);
}

/** Script for the monitoring host that asks Grafana's API as its administrator. */
function askGrafana(monitoring: HostVars, path: string, query: Query = {}): Script {
  const { grafana_admin_user: user, grafana_admin_password: password } = varsOfHost(loginVars, monitoring);
  return get({ url: `${ownGrafanaUrl(monitoring)}${path}`, query, login: [user, password], timeoutSeconds: 10 });
}

/** Grafana runs, lets its administrator in, and can use a data source. */
export function grafanaShows(monitoring: HostVars, source: string): readonly Hop[] {
  return [containerRuns(monitoring.name, "grafana"), isReady(monitoring), letsIn(monitoring), uses(monitoring, source)];
}

function isReady(monitoring: HostVars): Hop {
  const { name: on } = monitoring;
  return {
    asks: [{ on, script: get({ url: `${ownGrafanaUrl(monitoring)}/api/health` }) }],
    judge: (said) => {
      const { code, reason } = answerOf(said);
      if (code === 200) return undefined;
      const text = `Grafana on ${on} is not ready: ${code || reason}`;
      return { text, hint: logsOf(on, "grafana"), certain: false };
    },
  };
}

function letsIn(monitoring: HostVars): Hop {
  const { name: on } = monitoring;
  return {
    asks: [{ on, script: askGrafana(monitoring, "/api/org") }],
    judge: (said) =>
      answerOf(said).code === 401
        ? broken(
            `Grafana on ${on} refuses the password of ${varsOfHost(loginVars, monitoring).grafana_admin_user}`,
            `run npx zx playbooks/site.mts --limit ${on}, or set grafana_admin_password to what Grafana has`,
          )
        : undefined,
  };
}

function uses(monitoring: HostVars, source: string): Hop {
  const { name: on } = monitoring;
  return {
    asks: [{ on, script: askGrafana(monitoring, `/api/datasources/uid/${source}/health`) }],
    judge: (said) => {
      const answer = answerOf(said);
      const { code, body, reason } = answer;
      if (code === 200) return undefined;
      if (code === 404)
        return broken(`Grafana on ${on} has no data source "${source}"`, `run npx zx playbooks/site.mts --limit ${on}`);
      const words = jsonOf<{ readonly message?: string }>(answer)?.message ?? (body || reason);
      return broken(
        `Grafana on ${on} cannot use its data source "${source}": ${lastLine(words)}`,
        logsOf(on, "grafana"),
      );
    },
  };
}
