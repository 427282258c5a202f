import { type Finding, type Said, type Script, sh } from "hostwright";
import { answerOf, reach } from "./curl.ts";

/** What a round of proofs has of its own. */
export interface Occasion {
  /** Of letters only: a pattern for rotated files must not take digits for a date. */
  readonly id: string;
  /** Of 32 hexadecimal digits: a trace that is sent, and the log entry that belongs to it. */
  readonly traceId: string;
  readonly nowMs: number;
}

/** What has arrived, and whether it is as it was sent. */
export interface Verdict {
  readonly isRight: boolean;
  readonly text: string;
  readonly hint?: string;
}

/** What the sending of a proof says at once. */
export interface Sent {
  readonly findings: readonly Omit<Finding, "durationMs">[];
  /** There is something to be read back. */
  readonly goesOn: boolean;
}

/** Where data was lost. */
export interface Loss {
  readonly text: string;
  readonly hint: string;
  /** Waiting longer would not help. */
  readonly certain: boolean;
  /** Nothing was lost, because there was nothing to send. */
  readonly outcome?: "unproven";
}

/** One place on the way of a proof, asked where nothing has arrived. */
export interface Hop {
  readonly asks: readonly { readonly on: string; readonly script: Script }[];
  /** Undefined where it is fine; `said` in the order of `asks`. */
  judge(...said: readonly Said[]): Loss | undefined;
}

/** That the data of one app host arrives, whatever the service. */
export interface Proof {
  /** As findings call it. */
  readonly name: string;
  /** How long it may take. */
  readonly patienceMs: number;
  /** Asked on the monitoring host before anything is sent. */
  readonly before?: Script;
  /** Run on the app host. */
  readonly send?: Script;
  /** Nothing to tell, and something to be read back, unless given. */
  sent?(said: Said): Sent;
  /** Asked on the monitoring host until it is judged. */
  question(before: Said, sent: Said): Script;
  /** Undefined while nothing has arrived. */
  judge(answer: Said, before: Said, sent: Said): Verdict | undefined;
  /** From the app host on; `sent` is what the sending said. */
  hops(sent: Said, before: Said): readonly Hop[];
  /** Run on the app host at the end. */
  readonly tidy?: Script;
}

/** A proof that there is nothing to do for, and why. */
export function unproven(name: string, text: string): Proof {
  return {
    name,
    patienceMs: 0,
    sent: () => ({ findings: [{ name, outcome: "unproven", text }], goesOn: false }),
    question: () => sh`:`,
    judge: () => undefined,
    hops: () => [],
  };
}

/** A loss that waiting does not mend. */
export function broken(text: string, hint: string): Loss {
  return { text, hint, certain: true };
}

/** The unit of a service on an app host is active. */
export function unitRuns(host: string, unit: string): Hop {
  return {
    asks: [{ on: host, script: sh`systemctl show --value -p ActiveState -- ${unit}` }],
    judge: ({ stdout }) => {
      const state = stdout.trim();
      if (state === "active") return undefined;
      const hint = `on ${host}: journalctl -u ${unit} -n 20; npx zx playbooks/site.mts --limit ${host} starts it`;
      return broken(`${unit} on ${host} is ${state || "not there"}`, hint);
    },
  };
}

/** A container of the monitoring host runs. */
export function containerRuns(on: string, service: string): Hop {
  const label = `label=com.docker.compose.service=${service}`;
  const script = sh`
    docker ps -a --filter label=com.docker.compose.project=monitoring --filter ${label} \
      --format ${"{{.State}} ({{.Status}})"}`;
  return {
    asks: [{ on, script }],
    judge: ({ status, stdout, stderr }) => {
      if (status !== 0)
        return broken(`Docker on ${on} does not answer: ${lastLine(stderr)}`, `on ${on}: systemctl status docker`);
      const state = stdout.trim();
      if (state === "")
        return broken(`${on} has no container of ${service}`, `run npx zx playbooks/site.mts --limit ${on}`);
      if (state.startsWith("running")) return undefined;
      const hint = `${logsOf(on, service)}; npx zx playbooks/site.mts --limit ${on} starts it`;
      return broken(`the container of ${service} on ${on} does not run: ${state}`, hint);
    },
  };
}

/** A service of the monitoring host says that it is ready; `ask` is an answer of curl's. */
export function isReady(on: string, service: string, ask: Script): Hop {
  return {
    asks: [{ on, script: ask }],
    judge: (said) => {
      const { code, body, reason } = answerOf(said);
      if (code === 200) return undefined;
      const words = code === 0 ? reason : `HTTP ${code} ${lastLine(body)}`;
      return { text: `${service} on ${on} is not ready: ${words}`, hint: logsOf(on, service), certain: false };
    },
  };
}

/** A port of one host can be reached from another. */
export function canReach(from: string, to: string, url: string): Hop {
  return {
    asks: [{ on: from, script: reach(url) }],
    judge: ({ stdout }) => (stdout.trim() === "open" ? undefined : unreachable(from, to, url, stdout.trim())),
  };
}

/** The loss where a port cannot be reached. */
export function unreachable(from: string, to: string, url: string, state: string): Loss {
  const { protocol, hostname, port: said } = new URL(url);
  const port = said || (protocol === "https:" ? 443 : 80);
  const hint = `let ${from} reach port ${port} of ${to}: security group, firewall, publish_address`;
  return broken(`${from} cannot reach ${hostname}:${port} on ${to}: ${state}`, hint);
}

/** What to look at when a container does not do what it should. */
export function logsOf(on: string, service: string): string {
  return `on ${on}: docker logs --tail 20 monitoring-${service}-1`;
}

/** The last line that somebody said, as far as it fits. */
export function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.slice(0, 300) ?? "";
}

/** `{name="value",…}`, as PromQL and LogQL write it. */
export function selector(labels: Readonly<Record<string, string>>): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(",")}}`;
}
