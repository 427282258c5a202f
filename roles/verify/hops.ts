import { type Check, entriesOf, jobOf } from "./checks.ts";
import type { AppState, MonitoringState } from "./diagnosis.ts";
import { jsonOf } from "./http.ts";
import type { Source } from "./reader.ts";
import type { Receipt } from "./send.ts";

/** Where data was lost. */
export interface Hop {
  readonly text: string;
  readonly hint: string;
  /** Waiting longer would not help. */
  readonly certain: boolean;
}

/** All that was asked about a check that found nothing. */
export interface Evidence {
  readonly check: Check;
  readonly app: AppState;
  readonly monitoring: MonitoringState;
  /** How the trace was taken, for a check of one. */
  readonly receipt?: Receipt | undefined;
}

type Step = (evidence: Evidence) => Hop | undefined;

/** Returns the first hop on the way that is broken; undefined where all that can be asked is fine. */
export function firstBroken(evidence: Evidence): Hop | undefined {
  for (const step of STEPS[evidence.check.way]) {
    const hop = step(evidence);
    if (hop) return hop;
  }
  return undefined;
}

const agentRuns: Step = ({ check: { subject }, app }) => {
  const unit = `${subject.vars.log_agent}.service`;
  return app.agent === "active" ? undefined : notRunning(unit, app.agent, subject.host);
};

const agentReads: Step = ({ check: { subject }, app }) =>
  app.readable === "no"
    ? broken(
        `on ${subject.host} the user ${subject.vars.log_agent} may not read ${subject.vars.app_logs}`,
        `run npx zx playbooks/site.mts --limit ${subject.host}: it opens the folder to the agent`,
      )
    : undefined;

const pushIsOpen: Step = ({ check: { subject }, app }) =>
  app.push === "open" ? undefined : unreachable(subject.host, subject.pushUrl, app.push, subject.to.host);

const lokiHasIt: Step = ({ check, app, monitoring }) => {
  const { subject } = check;
  const direct = monitoring.direct.get(check);
  if (!direct || entriesOf(direct).length > 0) return undefined;
  const said = app.agentSays ? `; it says: ${lastLine(app.agentSays)}` : "";
  const unit = `${subject.vars.log_agent}.service`;
  const text = `Loki on ${subject.to.host} has no such entry, and ${unit} on ${subject.host} runs${said}`;
  return { text, hint: `on ${subject.host}: journalctl -u ${unit} -n 50`, certain: false };
};

const lokiHasLabels: Step = ({ check: { subject } }) => {
  const { environment, log_job: job } = subject.vars;
  return {
    text: `Loki has the entry, but not under environment="${environment}", host="${subject.host}", job="${job}"`,
    hint: `run npx zx playbooks/site.mts --limit ${subject.host}: it writes the agent's labels`,
    certain: false,
  };
};

const exporterRuns: Step = ({ check: { subject }, app }) => {
  if (app.exporter !== "active") return notRunning("node_exporter.service", app.exporter, subject.host);
  const { code, reason } = app.exporterAnswers;
  if (code === 200) return undefined;
  const text = `node_exporter on ${subject.host} runs, but its port ${subject.vars.node_exporter_port} answers ${code || reason}`;
  return broken(text, `on ${subject.host}: journalctl -u node_exporter.service -n 20`);
};

const applicationRuns: Step = ({ check: { subject }, app }) =>
  subject.vars.app_service && app.application !== "active"
    ? notRunning(subject.vars.app_service, app.application, subject.host)
    : undefined;

const targetIsUp: Step = ({ check: { subject, way }, monitoring }) => {
  interface Target {
    readonly labels: Readonly<Record<string, string>>;
    readonly health: string;
    readonly lastError: string;
    readonly scrapeUrl: string;
  }
  const job = jobOf(subject.vars.environment, way === "host metrics" ? "os" : "app");
  const answer = jsonOf<{ readonly data?: { readonly activeTargets?: readonly Target[] } }>(monitoring.targets);
  const target = answer?.data?.activeTargets?.find(({ labels }) => labels.job === job && labels.host === subject.host);
  const on = subject.to.host;
  // A Prometheus that was just started finds its targets within seconds.
  if (!target) {
    const hint = `run npx zx playbooks/site.mts --limit ${on}`;
    return { text: `Prometheus on ${on} has no target ${job} for ${subject.host}`, hint, certain: false };
  }
  if (target.health === "up") return undefined;
  const text = `Prometheus on ${on} cannot read ${target.scrapeUrl} (${job}): ${target.lastError || target.health}`;
  const hint = `see that ${subject.host} lets ${on} in at that port, and what answers there`;
  return { text, hint, certain: target.health === "down" };
};

const traceWasTaken: Step = ({ check: { subject, sending }, app, receipt }) => {
  if (!sending || receipt?.accepted) return undefined;
  const state = app.reach.get(sending.url) ?? "";
  if (state !== "open") return unreachable(subject.host, sending.url, state, subject.to.host);
  const text = `${sending.url} is open from ${subject.host}, but does not take a trace: ${receipt?.text}`;
  return broken(text, `on ${subject.to.host}: docker logs --tail 20 monitoring-tempo-1`);
};

const tempoHasIt: Step = ({ check, monitoring }) => {
  const { subject } = check;
  const direct = monitoring.direct.get(check);
  if (direct?.code === 200) return undefined;
  const text = `Tempo on ${subject.to.host} took the trace and does not have it (HTTP ${direct?.code})`;
  return { text, hint: `on ${subject.to.host}: docker logs --tail 20 monitoring-tempo-1`, certain: false };
};

const edgeWasDrawn: Step = ({ check: { subject } }) => ({
  text: `no service graph of these traces came from Tempo to Prometheus on ${subject.to.host}`,
  hint: `on ${subject.to.host}: docker logs --tail 50 monitoring-tempo-1, for metrics_generator and remote_write`,
  certain: false,
});

function runs(service: Source | "grafana"): Step {
  return ({ check: { subject }, monitoring: { containers, docker } }) => {
    const on = subject.to.host;
    if (docker)
      return broken(`Docker on ${on} does not answer: ${lastLine(docker)}`, `on ${on}: systemctl status docker`);
    const state = containers.get(service);
    if (state === undefined)
      return broken(`${on} has no container of ${service}`, `run npx zx playbooks/site.mts --limit ${on}`);
    if (state.startsWith("running")) return undefined;
    const hint = `on ${on}: docker logs --tail 20 monitoring-${service}-1; npx zx playbooks/site.mts --limit ${on} starts it`;
    return broken(`the container of ${service} on ${on} does not run: ${state}`, hint);
  };
}

function isReady(source: Source): Step {
  return ({ check: { subject }, monitoring }) => {
    const { code, body, reason } = monitoring.ready[source];
    if (code === 200) return undefined;
    const said = code === 0 ? reason : `HTTP ${code} ${lastLine(body)}`;
    const text = `${source} on ${subject.to.host} is not ready: ${said}`;
    return { text, hint: `on ${subject.to.host}: docker logs --tail 20 monitoring-${source}-1`, certain: false };
  };
}

function grafanaShows(source: Source): Step {
  return (evidence) => runs("grafana")(evidence) ?? grafanaAnswers(source, evidence);
}

function grafanaAnswers(source: Source, { check: { subject }, monitoring }: Evidence): Hop | undefined {
  const { grafana, login, sources } = monitoring;
  const on = subject.to.host;
  const logs = `on ${on}: docker logs --tail 20 monitoring-grafana-1`;
  if (grafana.code !== 200)
    return { text: `Grafana on ${on} is not ready: ${grafana.code || grafana.reason}`, hint: logs, certain: false };
  if (login.code === 401)
    return broken(
      `Grafana on ${on} refuses the password of ${subject.to.vars.grafana_admin_user}`,
      `run npx zx playbooks/site.mts --limit ${on}, or set grafana_admin_password to what Grafana has`,
    );
  const { code, body, reason } = sources[source];
  if (code === 200) return undefined;
  if (code === 404)
    return broken(`Grafana on ${on} has no data source "${source}"`, `run npx zx playbooks/site.mts --limit ${on}`);
  const said = jsonOf<{ readonly message?: string }>(sources[source])?.message ?? (body || reason);
  return broken(`Grafana on ${on} cannot use its data source "${source}": ${lastLine(said)}`, logs);
}

const prometheusSteps: readonly Step[] = [runs("prometheus"), isReady("prometheus")];

const STEPS: Readonly<Record<Check["way"], readonly Step[]>> = {
  logs: [
    agentRuns,
    agentReads,
    runs("loki"),
    pushIsOpen,
    isReady("loki"),
    lokiHasIt,
    grafanaShows("loki"),
    lokiHasLabels,
  ],
  traces: [runs("tempo"), isReady("tempo"), traceWasTaken, tempoHasIt, grafanaShows("tempo")],
  "host metrics": [exporterRuns, ...prometheusSteps, targetIsUp, grafanaShows("prometheus")],
  "application metrics": [applicationRuns, ...prometheusSteps, targetIsUp, grafanaShows("prometheus")],
  "service graph": [runs("tempo"), isReady("tempo"), ...prometheusSteps, grafanaShows("prometheus"), edgeWasDrawn],
};

function broken(text: string, hint: string): Hop {
  return { text, hint, certain: true };
}

function notRunning(unit: string, state: string, host: string): Hop {
  const hint = `on ${host}: journalctl -u ${unit} -n 20; npx zx playbooks/site.mts --limit ${host} starts it`;
  return broken(`${unit} on ${host} is ${state || "not there"}`, hint);
}

function unreachable(from: string, url: string, state: string, to: string): Hop {
  const { protocol, hostname, port: said } = new URL(url);
  const port = said || (protocol === "https:" ? 443 : 80);
  const hint = `let ${from} reach port ${port} of ${to}: security group, firewall, publish_address`;
  return broken(`${from} cannot reach ${hostname}:${port} on ${to}: ${state}`, hint);
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.slice(0, 300) ?? "";
}
