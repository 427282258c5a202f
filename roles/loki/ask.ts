import type { HostVars, Script } from "hostwright";
import { type Answer, get, jsonOf } from "../curl.ts";
import { varsOfHost } from "../hosts.ts";
import { containerRuns, type Hop, isReady } from "../proof.ts";
import { publishedOn, reachableAt } from "../publish.ts";
import { lokiVars } from "./vars.ts";

const portVars = { loki_port: lokiVars.loki_port };

/** Where the monitoring host itself reaches Loki. */
export function ownLokiUrl(monitoring: HostVars): string {
  return `http://${reachableAt(publishedOn(monitoring))}:${varsOfHost(portVars, monitoring).loki_port}`;
}

/** Script for the monitoring host that asks Loki itself for lines. */
export function askLoki(monitoring: HostVars, query: Readonly<Record<string, string>>): Script {
  return get({ url: `${ownLokiUrl(monitoring)}/loki/api/v1/query_range`, query });
}

/** Loki runs. */
export function lokiRuns({ name }: HostVars): Hop {
  return containerRuns(name, "loki");
}

/** Loki takes and answers. */
export function lokiIsReady(monitoring: HostVars): Hop {
  return isReady(monitoring.name, "loki", get({ url: `${ownLokiUrl(monitoring)}/ready` }));
}

/** The lines that Loki answered with, whatever their stream. */
export function entriesOf(answer: Answer): readonly string[] {
  interface Streams {
    readonly data?: { readonly result?: readonly { readonly values: readonly (readonly [string, string])[] }[] };
  }
  const streams = answer.code === 200 ? (jsonOf<Streams>(answer)?.data?.result ?? []) : [];
  return streams.flatMap(({ values }) => values.map(([, line]) => line));
}
