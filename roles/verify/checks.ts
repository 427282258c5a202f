import type { Script } from "hostwright";
import { endpoint } from "../hosts.ts";
import type { LogEntry } from "./entry.ts";
import { type Answer, jsonOf } from "./http.ts";
import { CLIENT, serverOf } from "./otlp.ts";
import { through } from "./reader.ts";
import type { Sending, Subject } from "./subject.ts";

/** Which way data takes from an app host to Grafana. */
export type Way = "logs" | "traces" | "host metrics" | "application metrics" | "service graph";

/** What has arrived, and whether it is as it was sent. */
export interface Verdict {
  readonly isRight: boolean;
  readonly text: string;
  readonly hint?: string;
}

/** One thing that has to be read back through Grafana. */
export interface Check {
  readonly subject: Subject;
  readonly way: Way;
  readonly name: string;
  /** How long it may take. */
  readonly patienceMs: number;
  readonly question: Script;
  readonly sending?: Sending;
  /** Undefined while nothing has arrived. */
  judge(answer: Answer): Verdict | undefined;
}

/** What the monitoring host said before anything was sent. */
export interface Before {
  /** Its clock, in seconds. */
  readonly clock: number;
  /** Calls that the service graph had of each app host, by host. */
  readonly calls: ReadonlyMap<string, string>;
}

const LOGS_MS = 60_000;
const TRACES_MS = 30_000;
const GRAPH_MS = 90_000;

/** The entry is one entry again, under the right labels. */
export function logCheck(subject: Subject, { id, text }: LogEntry, { clock }: Before): Check {
  const { vars, host, to } = subject;
  const query = `${selector({ environment: vars.environment, host, job: vars.log_job })} |= ${JSON.stringify(id)}`;
  const range = { query, start: `${clock - 60}000000000`, end: `${clock + 600}000000000`, limit: "100" };
  return {
    subject,
    way: "logs",
    name: "logs",
    patienceMs: LOGS_MS,
    question: through(to, "loki", "/loki/api/v1/query_range", range),
    judge: (answer) => judgeEntries(entriesOf(answer), text, `environment=${vars.environment} host=${host}`),
  };
}

/** The lines that Loki answered with, whatever their stream. */
export function entriesOf(answer: Answer): readonly string[] {
  interface Streams {
    readonly data?: { readonly result?: readonly { readonly values: readonly (readonly [string, string])[] }[] };
  }
  const streams = answer.code === 200 ? (jsonOf<Streams>(answer)?.data?.result ?? []) : [];
  return streams.flatMap(({ values }) => values.map(([, line]) => line));
}

function judgeEntries(entries: readonly string[], text: string, labels: string): Verdict | undefined {
  if (entries.length === 0) return undefined;
  const whole = entries.filter((entry) => entry.trimEnd() === text).length;
  const lines = text.split("\n").length;
  if (entries.length === 1 && whole === 1)
    return { isRight: true, text: `an entry of ${lines} lines came as one, ${labels}` };
  if (whole > 1)
    return {
      isRight: false,
      text: `the entry came ${whole} times`,
      hint: "see whether two agents read the same files",
    };
  const hint = "correct log_first_line: it has to match the first line of an entry, and no other";
  return {
    isRight: false,
    text: `the entry of ${lines} lines came in ${entries.length} pieces or cut, ${labels}`,
    hint,
  };
}

/** The trace can be opened, and says where it comes from. */
export function traceCheck(subject: Subject, sending: Sending): Check {
  const { vars, host, to } = subject;
  const { trace, transport } = sending;
  return {
    subject,
    way: "traces",
    name: `traces by ${transport}`,
    patienceMs: TRACES_MS,
    sending,
    question: through(to, "tempo", `/api/traces/${trace.id}`),
    judge(answer) {
      if (answer.code !== 200 || !answer.body.includes(serverOf(host))) return undefined;
      const isRight = [vars.environment, host].every((value) => answer.body.includes(JSON.stringify(value)));
      return {
        isRight,
        text: isRight ? "a trace of two spans, with its attributes" : "a trace without its attributes",
      };
    },
  };
}

/** What Prometheus answers to an instant query, as rows of labels and a value. */
export function rowsOf(
  answer: Answer,
): readonly { readonly metric: Readonly<Record<string, string>>; readonly value: string }[] {
  interface Vector {
    readonly data?: {
      readonly result?: readonly {
        readonly metric: Readonly<Record<string, string>>;
        readonly value: readonly [number, string];
      }[];
    };
  }
  const rows = answer.code === 200 ? (jsonOf<Vector>(answer)?.data?.result ?? []) : [];
  return rows.map(({ metric, value }) => ({ metric, value: value[1] }));
}

/** The host's own metrics, of a scrape that came after the proof began. */
export function hostMetricsCheck(subject: Subject, before: Before): Check {
  const query = scraped(subject, "os", before, "node_uname_info");
  return metricsCheck(
    subject,
    "host metrics",
    query,
    ({ metric }) => `node_uname_info of ${metric.nodename} (${metric.machine})`,
  );
}

/** The application's metrics, likewise. */
export function applicationMetricsCheck(subject: Subject, before: Before): Check {
  const { app_metrics_known: known } = subject.vars;
  return metricsCheck(subject, "application metrics", scraped(subject, "app", before, known), () => known);
}

function metricsCheck(
  subject: Subject,
  way: "host metrics" | "application metrics",
  query: string,
  describe: (row: { readonly metric: Readonly<Record<string, string>> }) => string,
): Check {
  const { vars, host, to } = subject;
  return {
    subject,
    way,
    name: way,
    patienceMs: Math.max(20, 3 * to.vars.scrape_interval_seconds) * 1000,
    question: through(to, "prometheus", "/api/v1/query", { query }),
    judge(answer) {
      const [row] = rowsOf(answer);
      if (!row) return undefined;
      return { isRight: true, text: `${describe(row)}, environment=${vars.environment} host=${host}` };
    },
  };
}

/** PromQL: this metric of the host, where its target is up and was read since the proof began. */
function scraped({ vars, host }: Subject, kind: "os" | "app", { clock }: Before, metric: string): string {
  const labels = selector({ job: jobOf(vars.environment, kind), environment: vars.environment, host });
  return `${metric}${labels} and on (job, instance) (timestamp(up${labels}) > ${clock}) and on (job, instance) (up${labels} == 1)`;
}

/** The name of the job that reads this kind of metrics in an environment. */
export function jobOf(environment: string, kind: "os" | "app"): string {
  return `${environment}_${kind}_metrics`;
}

/** PromQL for how often the service graph saw the call of this host's traces. */
export function callsQuery(host: string): string {
  return `sum(traces_service_graph_request_total${selector({ client: CLIENT, server: serverOf(host) })})`;
}

/** The edge that Tempo drew of the traces, in Prometheus. */
export function graphCheck(subject: Subject, { calls }: Before): Check {
  const { host, to } = subject;
  return {
    subject,
    way: "service graph",
    name: "service graph",
    patienceMs: GRAPH_MS,
    question: through(to, "prometheus", "/api/v1/query", { query: callsQuery(host) }),
    judge(answer) {
      const [row] = rowsOf(answer);
      if (!row || row.value === (calls.get(host) ?? "0")) return undefined;
      return { isRight: true, text: `${CLIENT} → ${serverOf(host)}, ${row.value} calls so far` };
    },
  };
}

/** `{name="value",…}`, as PromQL and LogQL write it. */
function selector(labels: Readonly<Record<string, string>>): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(",")}}`;
}

/** Where Prometheus reads a kind of metrics of this host, as the host itself reaches it. */
export function ownMetricsUrl({ vars }: Subject, kind: "os" | "app"): string {
  const {
    app_metrics_scheme: scheme,
    app_metrics_port,
    app_metrics_path,
    node_exporter_port,
    node_exporter_tls,
  } = vars;
  return kind === "os"
    ? `${node_exporter_tls ? "https" : "http"}://${endpoint("127.0.0.1", node_exporter_port)}/metrics`
    : `${scheme}://${endpoint("127.0.0.1", app_metrics_port)}${app_metrics_path}`;
}
