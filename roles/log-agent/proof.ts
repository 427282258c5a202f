import { dirname } from "node:path";
import { type Said, type Site, sh, type VarsOf } from "hostwright";
import { applicationVars } from "../application/vars.ts";
import { answerOf } from "../curl.ts";
import { grafanaShows, through } from "../grafana/ask.ts";
import { monitoringHost, varsOfHost } from "../hosts.ts";
import { askLoki, entriesOf, lokiIsReady, lokiRuns } from "../loki/ask.ts";
import { pushUrl } from "../loki/push.ts";
import {
  broken,
  canReach,
  type Hop,
  lastLine,
  type Occasion,
  type Proof,
  selector,
  unitRuns,
  unproven,
  type Verdict,
} from "../proof.ts";
import { type LogEntry, logEntry, removeEntry, writeEntry } from "./entry.ts";
import { logAgentVars } from "./vars.ts";

const vars = { ...logAgentVars, app_user: applicationVars.app_user };
type Vars = VarsOf<typeof vars>;

const PATIENCE_MS = 60_000;

/** An entry of several lines, written as the application writes its own, is one entry in Loki, under the right labels. */
export function logProof(site: Site, { id, traceId }: Occasion): Proof {
  const own = varsOfHost(vars, site.host);
  const entry = logEntry(own, id, traceId);
  return typeof entry === "string" ? unproven("logs", entry) : proofOf(site, own, entry);
}

function proofOf(site: Site, own: Vars, entry: LogEntry): Proof {
  const { host } = site;
  const monitoring = monitoringHost(site);
  const labels = { environment: own.environment, host: host.name, job: own.log_job };
  const query = `${selector(labels)} |= ${JSON.stringify(entry.id)}`;
  return {
    name: "logs",
    patienceMs: PATIENCE_MS,
    before: sh`date +%s`,
    send: writeEntry(entry, own),
    sent: ({ status, stderr }) => {
      if (status === 0) return { findings: [], goesOn: true };
      const text = `${own.app_user} on ${host.name} cannot write ${entry.path}: ${stderr}`;
      return { findings: [{ name: "logs", outcome: "broken", text }], goesOn: false };
    },
    question: (before) => through(monitoring, "loki", "/loki/api/v1/query_range", { query, ...around(before) }),
    judge: (answer) =>
      judgeEntries(entriesOf(answerOf(answer)), entry.text, `environment=${own.environment} host=${host.name}`),
    hops: () => hops(site, own, entry),
    tidy: removeEntry(entry, own),
  };
}

/** The minutes in which it has to be, by the monitoring host's clock. */
function around({ stdout }: Said) {
  const clock = Number(stdout);
  return { start: `${clock - 60}000000000`, end: `${clock + 600}000000000`, limit: "100" };
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

function hops(site: Site, own: Vars, entry: LogEntry): readonly Hop[] {
  const { name } = site.host;
  const monitoring = monitoringHost(site);
  return [
    unitRuns(name, `${own.log_agent}.service`),
    mayRead(name, own, entry),
    lokiRuns(monitoring),
    canReach(name, monitoring.name, new URL("/ready", pushUrl(site)).href),
    lokiIsReady(monitoring),
    lokiHasIt(site, own, entry),
    ...grafanaShows(monitoring, "loki"),
    hasLabels(name, own),
  ];
}

function mayRead(host: string, { log_agent: agent, app_logs }: Vars, { path }: LogEntry): Hop {
  const script = sh`
    [ -e ${path} ] || { echo absent; exit 0; }
    if runuser -u ${agent} -- sh -c 'cd -- "$1" && [ -r "$2" ]' sh ${dirname(path)} ${path}; then echo yes; else echo no; fi`;
  return {
    asks: [{ on: host, script }],
    judge: ({ stdout }) =>
      stdout.trim() === "no"
        ? broken(
            `on ${host} the user ${agent} may not read ${app_logs}`,
            `run npx zx playbooks/site.mts --limit ${host}: it opens the folder to the agent`,
          )
        : undefined,
  };
}

function lokiHasIt(site: Site, { log_agent }: Vars, { id }: LogEntry): Hop {
  const { name: host } = site.host;
  const monitoring = monitoringHost(site);
  const unit = `${log_agent}.service`;
  return {
    asks: [
      { on: monitoring.name, script: askLoki(monitoring, { query: `{job=~".+"} |= "${id}"`, since: "10m" }) },
      { on: host, script: sh`journalctl --no-pager -q -o cat -n 2 --since '-10 min' -u ${unit}` },
    ],
    judge: (found, journal) => {
      if (entriesOf(answerOf(found)).length > 0) return undefined;
      const says = journal.stdout.trim() === "" ? "" : `; it says: ${lastLine(journal.stdout)}`;
      const text = `Loki on ${monitoring.name} has no such entry, and ${unit} on ${host} runs${says}`;
      return { text, hint: `on ${host}: journalctl -u ${unit} -n 50`, certain: false };
    },
  };
}

/** The last that it can be. */
function hasLabels(host: string, { environment, log_job }: Vars): Hop {
  return {
    asks: [],
    judge: () => ({
      text: `Loki has the entry, but not under environment="${environment}", host="${host}", job="${log_job}"`,
      hint: `run npx zx playbooks/site.mts --limit ${host}: it writes the agent's labels`,
      certain: false,
    }),
  };
}
