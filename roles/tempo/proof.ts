import type { Said, Script, Site } from "hostwright";
import { answerOf, reach } from "../curl.ts";
import { loginVars, pushLogin } from "../gateway/login.ts";
import { grafanaShows, through } from "../grafana/ask.ts";
import { environmentOf, monitoringHost, varsOfHost } from "../hosts.ts";
import { askPrometheus, prometheusIsThere, rowsOf } from "../prometheus/ask.ts";
import { broken, type Hop, logsOf, type Occasion, type Proof, selector, unreachable } from "../proof.ts";
import { askTempo, tempoIsThere } from "./ask.ts";
import { CLIENT, newTrace, serverOf } from "./otlp.ts";
import { otlpUrl } from "./push.ts";
import { grpcReceipt, httpReceipt, type Receipt, type Sending, sendGrpc, sendHttp } from "./send.ts";
import { tempoVars } from "./vars.ts";

const portVars = { otlp_http_port: tempoVars.otlp_http_port };

const TRACES_MS = 30_000;
const GRAPH_MS = 90_000;

/** A trace by each way that there is can be opened in Grafana, and Tempo draws the service graph of them. */
export function traceProofs(site: Site, occasion: Occasion): readonly Proof[] {
  return [...sendingsOf(site, occasion).map((sending) => traceProof(site, sending)), graphProof(site)];
}

function sendingsOf(site: Site, { nowMs, traceId }: Occasion): readonly Sending[] {
  const { host } = site;
  const url = otlpUrl(site);
  const login = pushLogin(varsOfHost(loginVars, host), site);
  const { otlp_http_port: port } = varsOfHost(portVars, monitoringHost(site));
  const httpUrl = login ? url : port === undefined ? undefined : withPort(url, port);
  const trace = (id?: string) => newTrace({ host: host.name, environment: environmentOf(host) }, nowMs, id);
  // The log entry names the last of them.
  const last =
    httpUrl === undefined ? [] : [{ transport: "HTTP", url: httpUrl, trace: trace(traceId), login } as const];
  return [{ transport: "gRPC", url, trace: trace(last.length > 0 ? undefined : traceId), login }, ...last];
}

function traceProof(site: Site, sending: Sending): Proof {
  const monitoring = monitoringHost(site);
  const { name: host } = site.host;
  const { trace, transport } = sending;
  return {
    name: `traces by ${transport}`,
    patienceMs: TRACES_MS,
    send: transport === "gRPC" ? sendGrpc(sending) : sendHttp(sending),
    question: () => through(monitoring, "tempo", `/api/traces/${trace.id}`),
    judge(said) {
      const answer = answerOf(said);
      if (answer.code !== 200 || !answer.body.includes(serverOf(host))) return undefined;
      const isRight = [trace.environment, host].every((value) => answer.body.includes(JSON.stringify(value)));
      return {
        isRight,
        text: isRight ? "a trace of two spans, with its attributes" : "a trace without its attributes",
      };
    },
    hops: (sent) => [
      ...tempoIsThere(monitoring),
      wasTaken(site, sending, receiptOf(sending, sent)),
      tempoHasIt(site, sending),
      ...grafanaShows(monitoring, "tempo"),
    ],
  };
}

function receiptOf({ transport }: Sending, sent: Said): Receipt {
  return transport === "gRPC" ? grpcReceipt(sent) : httpReceipt(sent);
}

function wasTaken(site: Site, { url }: Sending, receipt: Receipt): Hop {
  const [from, to] = [site.host.name, monitoringHost(site).name];
  return {
    asks: [{ on: from, script: reach(url) }],
    judge: ({ stdout }) => {
      if (receipt.accepted) return undefined;
      const state = stdout.trim();
      if (state !== "open") return unreachable(from, to, url, state);
      return broken(`${url} is open from ${from}, but does not take a trace: ${receipt.text}`, logsOf(to, "tempo"));
    },
  };
}

function tempoHasIt(site: Site, { trace }: Sending): Hop {
  const monitoring = monitoringHost(site);
  const { name: on } = monitoring;
  return {
    asks: [{ on, script: askTempo(monitoring, `/api/traces/${trace.id}`) }],
    judge: (said) => {
      const { code } = answerOf(said);
      if (code === 200) return undefined;
      const text = `Tempo on ${on} took the trace and does not have it (HTTP ${code})`;
      return { text, hint: logsOf(on, "tempo"), certain: false };
    },
  };
}

/** The edge that Tempo drew of the traces, in Prometheus. */
function graphProof(site: Site): Proof {
  const monitoring = monitoringHost(site);
  const { name: host } = site.host;
  const question = secondsQuestion(site);
  return {
    name: "service graph",
    patienceMs: GRAPH_MS,
    before: question,
    question: () => question,
    judge(answer, before) {
      const [row] = rowsOf(answer);
      const [earlier] = rowsOf(before);
      if (!row || row.value === (earlier?.value ?? "0")) return undefined;
      return { isRight: true, text: `${CLIENT} → ${serverOf(host)}, now with the calls of these traces` };
    },
    hops: () => [
      ...tempoIsThere(monitoring),
      ...prometheusIsThere(monitoring),
      ...grafanaShows(monitoring, "prometheus"),
      edgeWasDrawn(monitoring.name),
    ],
  };
}

/** How long the calls of this host's traces took, in sum: a Tempo that was restarted counts them anew, and may come to the same number. */
function secondsQuestion(site: Site): Script {
  const edge = selector({ client: CLIENT, server: serverOf(site.host.name) });
  const query = `sum(traces_service_graph_request_server_seconds_sum${edge})`;
  return askPrometheus(monitoringHost(site), query);
}

function edgeWasDrawn(on: string): Hop {
  return {
    asks: [],
    judge: () => ({
      text: `no service graph of these traces came from Tempo to Prometheus on ${on}`,
      hint: `on ${on}: docker logs --tail 50 monitoring-tempo-1, for metrics_generator and remote_write`,
      certain: false,
    }),
  };
}

function withPort(url: string, port: number): string {
  const changed = new URL(url);
  changed.port = String(port);
  return changed.href.replace(/\/$/, "");
}
