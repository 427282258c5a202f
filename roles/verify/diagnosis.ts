import { dirname } from "node:path";
import { type Asker, type Said, type Script, sh } from "hostwright";
import { type Check, callsQuery, ownMetricsUrl } from "./checks.ts";
import type { LogEntry } from "./entry.ts";
import { type Answer, answerOf, get, reach } from "./http.ts";
import { askGrafana, directly, type Source } from "./reader.ts";
import type { Subject } from "./subject.ts";

/** What the monitoring host says of its services. */
export interface MonitoringState {
  /** Why Docker does not answer, where it does not. */
  readonly docker: string;
  /** Of each container, by service: "running Up 2 minutes (healthy)". */
  readonly containers: ReadonlyMap<string, string>;
  readonly ready: Readonly<Record<Source, Answer>>;
  /** Grafana's own check of a data source. */
  readonly sources: Readonly<Record<Source, Answer>>;
  readonly grafana: Answer;
  readonly login: Answer;
  readonly targets: Answer;
  /** What the store itself, past Grafana, says to each question. */
  readonly direct: ReadonlyMap<Check, Answer>;
}

/** What an app host says of its agents. */
export interface AppState {
  readonly agent: string;
  /** "yes", "no", "absent". */
  readonly readable: string;
  /** Whether Loki's port is open from here. */
  readonly push: string;
  readonly agentSays: string;
  readonly exporter: string;
  readonly exporterAnswers: Answer;
  /** Empty where no unit is named. */
  readonly application: string;
  /** By URL. */
  readonly reach: ReadonlyMap<string, string>;
}

const SOURCES = ["loki", "prometheus", "tempo"] as const;

/** Asks the monitoring host about every hop behind these checks: one exec. */
export async function askMonitoring(asker: Asker, checks: readonly Check[], { to }: Subject): Promise<MonitoringState> {
  const paths = { loki: "/ready", prometheus: "/-/ready", tempo: "/ready" };
  const scripts = [
    listContainers,
    ...SOURCES.map((source) => directly(to, source, paths[source])),
    ...SOURCES.map((source) => askGrafana(to, `/api/datasources/uid/${source}/health`)),
    get({ url: `${to.grafanaUrl}/api/health` }),
    askGrafana(to, "/api/org"),
    directly(to, "prometheus", "/api/v1/targets", { state: "active" }),
    ...checks.map(directQuestion),
  ];
  const [containers, ...answers] = await asker.ask(to.host, scripts);
  const read = answers.map(answerOf);
  const at = (index: number): Answer => read[index] ?? { code: 0, body: "", reason: "not asked" };
  const three = (from: number) => ({ loki: at(from), prometheus: at(from + 1), tempo: at(from + 2) });
  return {
    docker: containers?.status === 0 ? "" : (containers?.stderr ?? ""),
    containers: containersOf(containers?.stdout ?? ""),
    ready: three(0),
    sources: three(3),
    grafana: at(6),
    login: at(7),
    targets: at(8),
    direct: new Map(checks.map((check, index) => [check, at(9 + index)])),
  };
}

const listContainers: Script = sh`
  docker ps -a --filter label=com.docker.compose.project=monitoring \
    --format ${'{{.Label "com.docker.compose.service"}}\t{{.State}} ({{.Status}})'}`;

function containersOf(stdout: string): ReadonlyMap<string, string> {
  const rows = stdout.split("\n").filter((line) => line.includes("\t"));
  return new Map(rows.map((line) => [line.slice(0, line.indexOf("\t")), line.slice(line.indexOf("\t") + 1)]));
}

/** The question of a check, to the store itself and of any labels. */
function directQuestion({ way, subject, sending }: Check): Script {
  const { entry, to } = subject;
  if (way === "logs" && typeof entry !== "string")
    return directly(to, "loki", "/loki/api/v1/query_range", {
      query: `{job=~".+"} |= "${entry.id}"`,
      since: "10m",
    });
  if (way === "traces") return directly(to, "tempo", `/api/traces/${sending?.trace.id}`);
  return directly(to, "prometheus", "/api/v1/query", { query: callsQuery(subject.host) });
}

/** Asks an app host about every hop before the network: one exec. */
export async function askApp(asker: Asker, subject: Subject): Promise<AppState> {
  const { vars, entry, sendings } = subject;
  const urls = sendings.map(({ url }) => url);
  const scripts = [
    stateOf(`${vars.log_agent}.service`),
    typeof entry === "string" ? sh`echo absent` : readableBy(vars.log_agent, entry),
    reach(new URL("/ready", subject.pushUrl).href),
    sh`journalctl --no-pager -q -o cat -n 2 --since '-10 min' -u ${`${vars.log_agent}.service`}`,
    stateOf("node_exporter.service"),
    get({ url: ownMetricsUrl(subject, "os"), discard: true }),
    vars.app_service ? stateOf(vars.app_service) : sh`:`,
    ...urls.map(reach),
  ];
  const said = await asker.ask(subject.host, scripts);
  const text = (index: number): string => said[index]?.stdout.trim() ?? "";
  const nothing: Said = { status: 1, stdout: "", stderr: "not asked" };
  return {
    agent: text(0),
    readable: text(1),
    push: text(2),
    agentSays: text(3),
    exporter: text(4),
    exporterAnswers: answerOf(said[5] ?? nothing),
    application: text(6),
    reach: new Map(urls.map((url, index) => [url, text(7 + index)])),
  };
}

function stateOf(unit: string): Script {
  return sh`systemctl show --value -p ActiveState -- ${unit}`;
}

function readableBy(agent: string, { path }: LogEntry): Script {
  return sh`
    [ -e ${path} ] || { echo absent; exit 0; }
    if runuser -u ${agent} -- sh -c 'cd -- "$1" && [ -r "$2" ]' sh ${dirname(path)} ${path}; then echo yes; else echo no; fi`;
}
