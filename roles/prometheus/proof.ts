import { type Said, type Site, sh } from "hostwright";
import { answerOf, get, jsonOf } from "../curl.ts";
import { grafanaShows } from "../grafana/ask.ts";
import { environmentOf, monitoringHost, varsOfHost } from "../hosts.ts";
import { broken, type Hop, type Proof, selector, unitRuns } from "../proof.ts";
import type { HostService } from "../service.ts";
import { askDirectly, askPrometheus, prometheusIsThere, rowsOf } from "./ask.ts";
import { jobName } from "./job-name.ts";
import { prometheusVars } from "./vars.ts";

const intervalVars = { scrape_interval_seconds: prometheusVars.scrape_interval_seconds };

/** A metric that a service surely has came with a scrape after the proof began. Nothing for a service that is not read. */
export function metricsProofs(service: HostService, site: Site): readonly Proof[] {
  const { scraped } = service;
  if (!scraped) return [];
  const monitoring = monitoringHost(site);
  const environment = environmentOf(site.host);
  const known = scraped.known(site.host);
  const labels = selector({ job: jobName(environment, scraped.kind), environment, host: site.host.name });
  const { scrape_interval_seconds: interval } = varsOfHost(intervalVars, monitoring);
  return [
    {
      name: scraped.what,
      patienceMs: Math.max(20, 3 * interval) * 1000,
      before: sh`date +%s`,
      question: (before) => askPrometheus(monitoring, since(before, known, labels)),
      judge(answer) {
        const [row] = rowsOf(answer);
        if (!row) return undefined;
        const { nodename, machine } = row.metric;
        const of = nodename === undefined ? "" : ` of ${nodename} (${machine})`;
        return { isRight: true, text: `${known}${of}, environment=${environment} host=${site.host.name}` };
      },
      hops: (_, { stdout: began }) => [
        ...serviceRuns(service, site),
        ...prometheusIsThere(monitoring),
        targetIsUp(site, jobName(environment, scraped.kind), Number(began)),
        ...grafanaShows(monitoring, "prometheus"),
      ],
    },
  ];
}

/** PromQL: this metric of the host, where its target is up and was read since the proof began. */
function since({ stdout }: Said, metric: string, labels: string): string {
  const clock = Number(stdout);
  return `${metric}${labels} and on (job, instance) (timestamp(up${labels}) > ${clock}) and on (job, instance) (up${labels} == 1)`;
}

function serviceRuns({ name, unit, scraped }: HostService, { host }: Site): readonly Hop[] {
  const own = unit(host);
  if (own === undefined) return [];
  const url = scraped?.ownUrl(host);
  const answers: Hop = {
    asks: url === undefined ? [] : [{ on: host.name, script: get({ url, discard: true }) }],
    judge: (said) => {
      const { code, reason } = said ? answerOf(said) : { code: 200, reason: "" };
      if (code === 200 || code === 401) return undefined;
      const text = `${name} on ${host.name} runs, but ${url} answers ${code || reason}`;
      return broken(text, `on ${host.name}: journalctl -u ${own} -n 20`);
    },
  };
  return [unitRuns(host.name, own), answers];
}

/** `began` in seconds of the epoch, by the clock of the monitoring host: what was read before says what was, as of an application that was just restarted. */
function targetIsUp(site: Site, job: string, began: number): Hop {
  const { name: host } = site.host;
  const monitoring = monitoringHost(site);
  const { name: on } = monitoring;
  return {
    asks: [{ on, script: askDirectly(monitoring, "/api/v1/targets", { state: "active" }) }],
    judge: (said) => {
      const target = targetIn(said, job, host);
      // A Prometheus that was just started finds its targets within seconds.
      if (!target) {
        const hint = `run npx zx playbooks/site.mts --limit ${on}`;
        return { text: `Prometheus on ${on} has no target ${job} for ${host}`, hint, certain: false };
      }
      if (target.health === "up") return undefined;
      const text = `Prometheus on ${on} cannot read ${target.scrapeUrl} (${job}): ${target.lastError || target.health}`;
      const hint = `see that ${host} lets ${on} in at that port, and what answers there`;
      return { text, hint, certain: target.health === "down" && Date.parse(target.lastScrape) >= began * 1000 };
    },
  };
}

function targetIn(said: Said, job: string, host: string) {
  interface Target {
    readonly labels: Readonly<Record<string, string>>;
    readonly health: string;
    readonly lastError: string;
    /** RFC 3339. */
    readonly lastScrape: string;
    readonly scrapeUrl: string;
  }
  const answer = jsonOf<{ readonly data?: { readonly activeTargets?: readonly Target[] } }>(answerOf(said));
  return answer?.data?.activeTargets?.find(({ labels }) => labels.job === job && labels.host === host);
}
