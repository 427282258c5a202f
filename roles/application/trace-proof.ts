import type { Site, VarsOf } from "hostwright";
import { environments, varsOfHost } from "../hosts.ts";
import { type Proof, type Sent, unproven } from "../proof.ts";
import { type Activity, activityOf, askActivity, timeOf } from "./activity.ts";
import { firstTrace, hops, noRequest, searchTraces } from "./trace-hops.ts";
import { applicationVars } from "./vars.ts";

type Vars = VarsOf<typeof applicationVars>;

const NAME = "application traces";
/** The application sends every few seconds, and Tempo's search finds a span some 20 s later. */
const PATIENCE_MS = 60_000;

/** Since the application last started, a trace of its own came. */
export function ownTraceProof(site: Site): Proof {
  const vars = varsOfHost(applicationVars, site.host);
  if (!vars.tracing_enable) return unproven(NAME, "tracing_enable is false: the application sends none");
  return {
    name: NAME,
    patienceMs: PATIENCE_MS,
    send: askActivity(vars),
    sent: (said) => begins(activityOf(said, vars), vars, site),
    question: (_before, sent) => searchTraces(vars, site, activityOf(sent, vars)),
    judge: (answer, _before, sent) => {
      const id = firstTrace(answer);
      if (id === undefined) return undefined;
      return { isRight: true, text: `trace ${id} of ${whose(vars, site)}, ${since(activityOf(sent, vars))}` };
    },
    hops: (sent) => hops(site, vars, activityOf(sent, vars)),
  };
}

/** Who starts up may get its first request while this is waited for; who has run for long and got none will not. */
function begins({ now, started, requests }: Activity, vars: Vars, { host }: Site): Sent {
  const left = (text: string): Sent => ({ findings: [{ name: NAME, outcome: "unproven", text }], goesOn: false });
  if (started === undefined)
    return left(`nobody says since when the application on ${host.name} runs: name its unit, app_service`);
  if (requests === 0 && (now - started) * 1000 > PATIENCE_MS) return left(noRequest(vars, host.name, started));
  return { findings: [], goesOn: true };
}

/** Hosts of one environment send under one name: which of them a trace is of, nothing in it says. */
function whose({ app_service_name: name, environment }: Vars, site: Site): string {
  const count = environments(site).find((one) => one.name === environment)?.hosts.length ?? 1;
  return `${name} in ${environment}${count > 1 ? ` (one of its ${count} hosts)` : ""}`;
}

function since({ started = 0, requests }: Activity): string {
  return `${requests ? `${requests} requests ` : ""}since ${timeOf(started)}`;
}
