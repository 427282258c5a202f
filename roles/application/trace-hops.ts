import { type Said, type Script, type Site, sh, type VarsOf } from "hostwright";
import { answerOf, jsonOf } from "../curl.ts";
import { grafanaShows, through } from "../grafana/ask.ts";
import { monitoringHost } from "../hosts.ts";
import { askPrometheus, rowsOf } from "../prometheus/ask.ts";
import { broken, canReach, type Hop, type Loss, lastLine, selector, unitRuns } from "../proof.ts";
import { askTempo, tempoIsThere } from "../tempo/ask.ts";
import { otlpUrl } from "../tempo/push.ts";
import { type Activity, activityOf, askActivity, requestsIn, timeOf } from "./activity.ts";
import { processHops } from "./process.ts";
import type { applicationVars } from "./vars.ts";

type Vars = VarsOf<typeof applicationVars>;

/** Tempo keeps traces for a day at least, and searches no more than a week. */
const LONGEST_SECONDS = 24 * 3600;

/** Script for the monitoring host that looks for a trace of the application since it started, as a person does. */
export function searchTraces(vars: Vars, site: Site, activity: Activity): Script {
  const query = traceQuery(vars, { "deployment.environment": vars.environment });
  return through(monitoringHost(site), "tempo", "/api/search", { q: query, ...rangeOf(activity) });
}

/** TraceQL. */
function traceQuery({ app_service_name }: Vars, more: Readonly<Record<string, string>> = {}): string {
  const attributes = Object.entries({ "service.name": app_service_name, ...more });
  return `{ ${attributes.map(([name, value]) => `resource.${name} = ${JSON.stringify(value)}`).join(" && ")} }`;
}

function rangeOf({ now, started = now }: Activity): Readonly<Record<string, string>> {
  return { start: String(Math.max(started, now - LONGEST_SECONDS)), end: String(now + 600), limit: "1" };
}

/** The id of the first trace that a search found. */
export function firstTrace(said: Said): string | undefined {
  const answer = answerOf(said);
  if (answer.code !== 200) return undefined;
  return jsonOf<{ readonly traces?: readonly { readonly traceID?: string }[] }>(answer)?.traces?.[0]?.traceID;
}

/** Where a trace of the application's own may have got lost, from the application on. */
export function hops(site: Site, vars: Vars, activity: Activity): readonly Hop[] {
  const { name } = site.host;
  const monitoring = monitoringHost(site);
  return [
    ...(vars.app_service === undefined ? [] : [unitRuns(name, vars.app_service)]),
    gotRequests(site, vars, activity),
    ...processHops(site, vars),
    canReach(name, monitoring.name, otlpUrl(site)),
    ...tempoIsThere(monitoring),
    tempoHasIt(site, vars, activity),
    ...grafanaShows(monitoring, "tempo"),
    hasEnvironment(vars),
  ];
}

/** There is something to trace, in the time that is searched. */
function gotRequests(site: Site, vars: Vars, { now, started = now }: Activity): Hop {
  const { host } = site;
  const labels = selector({ environment: vars.environment, host: host.name });
  const monitoring = monitoringHost(site);
  const isLong = now - started > LONGEST_SECONDS;
  const ofLate = askPrometheus(monitoring, requestsIn(LONGEST_SECONDS, labels, vars));
  return {
    asks: [{ on: host.name, script: askActivity(vars) }, ...(isLong ? [{ on: monitoring.name, script: ofLate }] : [])],
    judge: (said, late) => {
      const { requests } = activityOf(said ?? NOTHING, vars);
      const counted = late ? Number(rowsOf(late)[0]?.value ?? 0) : requests;
      if (counted === undefined) return nothingSent(`the metrics of the application on ${host.name} cannot be read`);
      if (counted > 0) return undefined;
      return nothingSent(noRequest(vars, host.name, Math.max(started, now - LONGEST_SECONDS)));
    },
  };
}

const NOTHING: Said = { status: 1, stdout: "", stderr: "not asked" };

function nothingSent(text: string): Loss {
  return { text, hint: "docs/verify.md", certain: false, outcome: "unproven" };
}

/** What is told of an application that nobody asked anything. */
export function noRequest(vars: Vars, host: string, since: number): string {
  const url = `${vars.app_metrics_scheme}://127.0.0.1:${vars.app_metrics_port}/`;
  return `no request since ${timeOf(since)} but scrapes and health checks: make one, as by "curl ${url}" on ${host}`;
}

/** Tempo has a trace of this name, whatever its environment. */
function tempoHasIt(site: Site, vars: Vars, activity: Activity): Hop {
  const { name: host } = site.host;
  const monitoring = monitoringHost(site);
  const query = { q: traceQuery(vars), ...rangeOf(activity) };
  const { app_service: unit, app_service_name: name } = vars;
  return {
    asks: [
      { on: monitoring.name, script: askTempo(monitoring, "/api/search", query) },
      { on: host, script: unit === undefined ? sh`:` : exporterSays(unit) },
    ],
    judge: (found, journal) => {
      if (found && firstTrace(found) !== undefined) return undefined;
      const says = journal?.stdout.trim() ? `; it says: ${lastLine(journal.stdout)}` : "";
      const text = `requests were counted on ${host}, and Tempo on ${monitoring.name} has no trace of "${name}"${says}`;
      const log = unit === undefined ? vars.app_logs : `journalctl -u ${unit} and ${vars.app_logs}`;
      const hint = `on ${host}: look for "Failed to export spans" in ${log}; see that app_service_name is its spring.application.name, and its sampling`;
      return { text, hint, certain: false };
    },
  };
}

/** What OpenTelemetry's exporter complains of, where it goes to the journal. */
function exporterSays(unit: string): Script {
  return sh`
    journalctl --no-pager -q -o cat -n 2000 --since '-15 min' -u ${unit} |
      sed -n 's/.*\\(Failed to export spans\\)/\\1/p' | tail -n 1`;
}

/** The last that it can be. */
function hasEnvironment({ app_service_name: name, environment }: Vars): Hop {
  return {
    asks: [],
    judge: () =>
      broken(
        `Tempo has traces of "${name}", but none with deployment.environment="${environment}"`,
        "let the application say the entry DEPLOY_ENV as deployment.environment (docs/spring-boot.md)",
      ),
  };
}
