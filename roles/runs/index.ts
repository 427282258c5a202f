import { type Announcement, type Asker, type HostVars, type RunSummary, type Script, sh } from "hostwright";
import { answerOf } from "../curl.ts";
import { groups, varsOfHost } from "../hosts.ts";
import { ownLokiUrl } from "../loki/ask.ts";
import { entryOf, outcomeOf, type RunEntry } from "./entry.ts";
import { runVars } from "./vars.ts";

/**
 * Marks a run in Grafana's pictures, with its outcome, duration and changes: an entry in Loki, by the monitoring host itself. Dashboards
 * ask for these entries as annotations, and dashboard Runs makes its numbers of them.
 */
export const runMark: Announcement = {
  otherwise: "Grafana does not show this run",
  hosts: groups.monitoring,
  async announce(run, { sites: [site], ask }) {
    if (!site) return;
    const { host } = site;
    const { run_marks: marks } = varsOfHost(runVars, host);
    // A network that lets this machine reach no host lets it reach this one as little, and nothing was done.
    if (run.hosts.every(({ failure }) => failure?.kind === "unreachable")) return;
    if (marks === "none" || (marks === "changes" && outcomeOf(run) === "in_sync")) return;
    try {
      await send(run, host, ask);
    } catch (error) {
      // Where its own role failed, Loki may not be there yet; and why is said already.
      if (run.hosts.every(({ name, failure }) => name !== host.name || !failure)) throw error;
    }
  },
};

async function send(run: RunSummary, monitoring: HostVars, ask: Asker["ask"]): Promise<void> {
  const [said] = await ask(monitoring.name, [push(monitoring, entryOf(run))]);
  if (!said) return;
  const { code, body, reason } = answerOf(said);
  if (code !== 204)
    throw new Error(`Loki on ${monitoring.name} does not take it: ${(body || reason).trim() || `HTTP ${code}`}`);
}

/** Script for the monitoring host. Of its clock, as everything that it stores of itself: this machine's may be another. */
function push(monitoring: HostVars, { labels, line, metadata }: RunEntry): Script {
  const value = JSON.stringify([line, metadata]).slice(1);
  const stream = `{"streams":[{"stream":${JSON.stringify(labels)},"values":[["`;
  return sh`
    printf '%s' ${stream} "$(date +%s)" '000000000",' ${value} ']}]}' |
      curl -q -sS -g -m 10 -w '\\n%{http_code}' -H 'Content-Type: application/json' --data-binary @- -- ${`${ownLokiUrl(monitoring)}/loki/api/v1/push`}`;
}
